"""The tables of one run as the report needs them: checked, and grouped by video and track.

Only the timelines must be there. What is missing beside them, or is of another run, is left out
and said: whoever was handed one file of five still gets a report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.places import Place
from streamfer.store import schema
from streamfer.store.folders import kind
from streamfer.store.output import RUN_ID_KEY, read_metadata, table_paths
from streamfer.store.table_reader import read_table

_PROBABILITIES = [f"p_{emotion}" for emotion in EMOTIONS]
_COLUMNS = {
    "timelines": ["video", "track_id", "window", "emotion", *_PROBABILITIES, "faces", "expected"],
    "videos": schema.TABLES["videos"].arrow.names,
    "tracks": ["video", "track_id", "first_s", "last_s"],
    "episodes": ["video", "track_id", "emotion", "start_s", "end_s", "mean_probability"],
}
_DEFAULTS = {name: getattr(Analysis, name) for name in ("fps", "window_s", "stride_s")}
_LOSSES = {
    "videos": "files that failed, other warnings, and the lengths of videos are not known",
    "tracks": "where tracks begin and end is known to a window only",
    "episodes": "episodes are not shown",
}


@dataclass(frozen=True)
class Episode:
    """A stretch of a track in which one emotion (its number in `EMOTIONS`) prevails; seconds."""

    emotion: int
    start_s: float
    end_s: float
    mean_probability: float


@dataclass
class Track:
    """One track, its windows in order.

    `window` (W,) numbers them; `probabilities` is (W, 7); `coverage` (W,) is the share of each
    window's samples in which the face was seen; `emotion` (W,) is the number of the most
    probable. `start_s` and `end_s` tell when the face was first and last seen; `face` is a JPEG.
    """

    window: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    coverage: NDArray[np.float64]
    emotion: NDArray[np.int64]
    start_s: float
    end_s: float
    episodes: list[Episode] = field(default_factory=list)
    face: bytes | None = None


@dataclass
class Video:
    """A row of the ledger, by column; the video's tracks by number; what else is to be said."""

    ledger: dict[str, Any]
    tracks: dict[int, Track] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """A run's videos by key, in order.

    `models` and `settings` are what the metadata says; `warnings` tell what is missing beside
    the timelines.
    """

    run_id: str
    models: dict[str, dict[str, str]]
    settings: dict[str, Any]
    videos: dict[str, Video]
    warnings: list[str]


def read_run(timelines: Place) -> Run:
    """The run whose timelines these are.

    Raises UsageError, in a sentence, if they are another table, of a version that is not known
    here, or no table at all.
    """
    if kind(timelines) is None:
        raise UsageError(f"There is no {timelines}.")
    metadata = read_metadata(timelines)
    rows = _read(timelines, "timelines")
    run_id = metadata.get(RUN_ID_KEY, "")
    beside, warnings = {}, []
    for name, loss in _LOSSES.items():
        try:
            beside[name] = _read(table_paths(timelines)[name], name, run_id).to_pylist()
        except UsageError as error:
            beside[name] = []
            warnings.append(f"{error} So {loss}.")
    settings = _DEFAULTS | json.loads(metadata.get("streamfer.settings", "{}"))
    videos = {row["video"]: Video(row) for row in beside["videos"]}
    for (key, number), track in _tracks(rows, settings):
        videos.setdefault(key, Video({"video": key})).tracks[number] = track
    for row in beside["tracks"]:
        if known := _find(videos, row):
            known.start_s, known.end_s = row["first_s"], row["last_s"] + 1 / settings["fps"]
    for row in beside["episodes"]:
        if known := _find(videos, row):
            values = (row[name] for name in ("emotion", "start_s", "end_s", "mean_probability"))
            known.episodes.append(Episode(*values))
    models = json.loads(metadata.get("streamfer.models", "{}"))
    return Run(run_id, models, settings, dict(sorted(videos.items())), warnings)


def _find(videos: dict[str, Video], row: dict[str, Any]) -> Track | None:
    video = videos.get(row["video"])
    return video.tracks.get(row["track_id"]) if video else None


def _read(path: Place, name: str, run_id: str | None = None) -> pa.Table:
    """The columns that the report shows of a table, in the contract's types; emotions as numbers.

    With a `run_id`, the table must be of that run.
    """
    if run_id is not None and kind(path) is None:
        raise UsageError(f"There is no {path.name} beside the timelines.")
    metadata = read_metadata(path)
    contract = schema.TABLES[name]
    label = metadata[schema.SCHEMA_KEY]
    if label != contract.label:
        found, _, version = label.partition(".v")
        raise UsageError(
            f"{path} follows {label}, which a later version of streamfer wrote; this one reads "
            f"{contract.label}."
            if found == name and version.isdigit()
            else f"{path} holds the table {found}; the report is made from the {name}."
        )
    if run_id is not None and metadata.get(RUN_ID_KEY) != run_id:
        raise UsageError(f"{path.name} is of another run than the timelines.")
    wanted = pa.schema([contract.arrow.field(column) for column in _COLUMNS[name]])
    try:
        rows = read_table(path, wanted.names).cast(wanted)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"{path} is not as {label} says: {error}") from None
    if "emotion" not in rows.column_names:
        return rows
    emotion = pc.index_in(rows["emotion"], pa.array(EMOTIONS))
    if emotion.null_count:
        raise UsageError(f"{path} names an emotion that {label} does not know.")
    return rows.set_column(rows.column_names.index("emotion"), "emotion", emotion)


def _tracks(rows: pa.Table, settings: dict[str, Any]) -> list[tuple[tuple[str, int], Track]]:
    """By video and number, the tracks of the timelines, as if each were seen in all its windows."""
    video = rows["video"].combine_chunks().dictionary_encode()
    code, number, window = (
        np.asarray(column, np.int64) for column in (video.indices, rows["track_id"], rows["window"])
    )
    order = np.lexsort((window, number, code))
    code, number, window = code[order], number[order], window[order]
    probabilities = np.stack([np.asarray(rows[name]) for name in _PROBABILITIES], axis=1)[order]
    coverage = (np.asarray(rows["faces"]) / np.asarray(rows["expected"]))[order]
    emotion = np.asarray(rows["emotion"], np.int64)[order]
    starts = np.flatnonzero(np.diff(code, prepend=-1) | np.diff(number, prepend=-1))
    found = []
    for first, stop in pairwise([*starts.tolist(), len(window)]):
        part = slice(first, stop)
        start_s = float(window[first] * settings["stride_s"])
        end_s = float(window[stop - 1] * settings["stride_s"] + settings["window_s"])
        track = Track(
            window[part], probabilities[part], coverage[part], emotion[part], start_s, end_s
        )
        found.append(((video.dictionary[int(code[first])].as_py(), int(number[first])), track))
    return found
