"""Writes a run's tables into a folder, in the format of another tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from streamfer.errors import UsageError
from streamfer.export import csv, elan, jsonl, openface, textgrid, webvtt
from streamfer.places import Place
from streamfer.store import schema
from streamfer.store.folders import folder
from streamfer.store.output import safe_name, table_paths
from streamfer.store.read import read, table_files
from streamfer.store.table_reader import open_table

_BATCH_ROWS = 16_384


@dataclass(frozen=True)
class ByTable:
    """A file for each table of the run: its suffix, and what writes a table's batches."""

    suffix: str
    write: Callable[[BinaryIO, pa.Schema, Iterator[pa.RecordBatch]], None]


@dataclass(frozen=True)
class ByVideo:
    """A file for each video: its suffix, and what makes it of a table's rows.

    `make` is given the video's row of the ledger and its rows of `table`.
    """

    suffix: str
    table: str
    make: Callable[[Mapping[str, Any], pa.Table], str]


class Format(StrEnum):
    """The formats, by the names they have on the command line."""

    CSV = "csv"
    JSONL = "jsonl"
    VTT = "vtt"
    VTT_JSON = "vtt-json"
    ELAN = "elan"
    TEXTGRID = "textgrid"
    OPENFACE = "openface"


_FORMATS: Mapping[Format, ByTable | ByVideo] = {
    Format.CSV: ByTable(".csv", csv.write),
    Format.JSONL: ByTable(".jsonl", jsonl.write),
    Format.VTT: ByVideo(".vtt", "episodes", webvtt.captions),
    Format.VTT_JSON: ByVideo(".json.vtt", "timelines", webvtt.cues),
    Format.ELAN: ByVideo(".eaf", "episodes", elan.document),
    Format.TEXTGRID: ByVideo(".TextGrid", "episodes", textgrid.text_grid),
    Format.OPENFACE: ByVideo(".csv", "frames", openface.table),
}


def export(run: Place, form: Format, out: Place) -> Iterator[str]:
    """Write a run's tables in a format into the folder `out`; the names of the files.

    Each appears whole, and replaces one of its name. Videos that failed have none; embeddings
    are not exported. Raises UsageError where the run lacks what the format is made of.
    """
    chosen = _FORMATS[form]
    if isinstance(chosen, ByTable):
        yield from _by_table(run, chosen, out)
        return
    for video, rows in _by_video(run, chosen.table):
        name = f"{safe_name(video['video'])}{chosen.suffix}"
        folder(out).write(name, chosen.make(video, rows).encode())
        yield name


def _by_table(run: Place, form: ByTable, out: Place) -> Iterator[str]:
    paths = table_paths(run)
    for table in sorted(schema.TABLES.keys() - {"embeddings"}):
        if not paths[table].exists():
            continue
        (source,) = table_files(run, table)
        name = f"{table}{form.suffix}"
        with folder(out).staging(name) as stage, open_table(source) as rows:
            batches = rows.iter_batches(_BATCH_ROWS, use_threads=False)
            with (stage / name).open("wb") as written:
                form.write(written, rows.schema_arrow, batches)
            folder(out).put(stage / name, name)
        yield name


def _by_video(run: Place, table: str) -> Iterator[tuple[dict[str, Any], pa.Table]]:
    """Each video of the ledger that did not fail, with its rows, none perhaps, of a table."""
    (source,) = table_files(run, table)
    with open_table(source) as rows:
        batches = rows.iter_batches(_BATCH_ROWS, use_threads=False)
        groups = groupby(_stretches(batches), key=itemgetter(0))
        none = rows.schema_arrow.empty_table()
        following = next(groups, None)
        for video in read(run, "videos").to_pylist():
            pieces = [none]
            if following and following[0] == video["video"]:
                pieces += [piece for _, piece in following[1]]
                following = next(groups, None)
            if video["status"] != "failed":
                yield video, pa.concat_tables(pieces)
    if following:
        raise UsageError(
            f"{source} is not sorted as the ledger is, from {following[0]} on: some other program "
            "wrote it. `streamfer run` writes it anew."
        )


def _stretches(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, pa.Table]]:
    """Rows of one video that follow each other in a batch, with the video's key."""
    for batch in batches:
        rows = pa.Table.from_batches([batch])
        keys = pc.run_end_encode(batch["video"])
        first = 0
        for key, end in zip(keys.values.to_pylist(), keys.run_ends.to_pylist(), strict=True):
            yield key, rows.slice(first, end - first)
            first = end
