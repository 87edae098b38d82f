"""The tables a run leaves behind, written as a stream and put in place together.

`x/timelines.parquet` has its ledger, and what else was asked for, beside it. All carry one run
id, and `timelines.parquet` is put in place last: whoever sees its new run id has the whole run,
and a run killed between two renames shows as tables whose run ids differ.
"""

import glob
import hashlib
import shutil
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from streamfer.errors import UsageError
from streamfer.store import durable, schema
from streamfer.store.table_writer import TableWriter

RUN_ID_KEY = "streamfer.run_id"
"""Key of the file metadata that all tables of one run share."""

_LONGEST_NAME = 200


def table_paths(out: Path) -> dict[str, Path]:
    """Where the tables of the output `out` lie, in the order in which they are put in place."""
    others = sorted(schema.TABLES.keys() - {"timelines"})
    paths = {name: out.with_name(f"{out.stem}.{name}.parquet") for name in others}
    return paths | {"embeddings": out.with_name(f"{out.stem}.embeddings"), "timelines": out}


def safe_name(key: str) -> str:
    """A file name for a video's key: one name, not hidden, short, and unique to the key."""
    name = quote(key, safe=" ")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 65]}-{hashlib.sha256(key.encode()).hexdigest()}"
    return name


def read_metadata(path: Path) -> dict[str, str]:
    """The file metadata of a table that streamfer wrote. Raises UsageError for another file."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {error}") from None
    if schema.SCHEMA_KEY.encode() not in metadata:
        raise UsageError(f"{path} was not written by streamfer.")
    return {key.decode(): value.decode() for key, value in metadata.items()}


def check_writable(out: Path) -> None:
    """Make sure, before work begins, that a run's tables can be put at `out`.

    Creates the folder. Raises UsageError, in a sentence, if `out` does not end in `.parquet`,
    is a folder or a file that holds no timelines, or its folder does not accept files.
    """
    if out.suffix != ".parquet":
        raise UsageError(f"The output {out} must end in .parquet.")
    with durable.explained(out):
        if out.is_dir():
            raise UsageError(f"The output {out} is a folder; name a file in it.")
        durable.make_folder(out.parent)
        probe = _temporary(out, uuid.uuid4().hex)
        probe.touch()
        probe.unlink()
        if out.exists() and not _holds_timelines(out):
            raise UsageError(
                f"The output {out} exists and holds no timelines; remove it or choose another name."
            )


def _holds_timelines(path: Path) -> bool:
    try:
        return read_metadata(path)[schema.SCHEMA_KEY].startswith("timelines.")
    except UsageError:
        return False


def _temporary(path: Path, run_id: str) -> Path:
    return path.with_name(f".{path.name}.{run_id}.tmp")


class OutputTables:
    """Writes a run's tables under temporary names; leaving the context puts them in place.

    out: where the timelines go; the caller holds the output's lock.
    metadata: what every file tells about the run (models, settings ...), by key.
    names: which tables are written; those of an earlier run at `out` that are not among them are
        removed, for they would pass as belonging to this one.

    Rows come in the contract's order, in pieces of any size, and are cast to its types. If the
    context is left by an exception, or the process dies before all is written, the old output
    stays as it was. Raises FatalError if the disk refuses.
    """

    def __init__(self, out: Path, metadata: dict[str, str], names: Collection[str]) -> None:
        self.run_id = uuid.uuid4().hex
        self._out = out
        self._paths = table_paths(out)
        self._metadata = metadata | {RUN_ID_KEY: self.run_id}
        self._names = names
        self._writers: dict[str, TableWriter] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with durable.explained(self._out), ExitStack() as stack:
            durable.make_folder(self._out.parent)
            self._remove_temporaries()
            # Left in reverse: the files are finished, put in place, and what remains is removed.
            stack.callback(self._remove_temporaries)
            stack.push(self._place)
            for name in self._names:
                path = _temporary(self._paths[name], self.run_id)
                if name == "embeddings":
                    path.mkdir()
                else:
                    writer = TableWriter(path, schema.TABLES[name].arrow, self._metadata)
                    self._writers[name] = stack.enter_context(writer)
            self._stack = stack.pop_all()
        return self

    def write(self, video: str, rows: Mapping[str, Iterable[pa.Table]]) -> None:
        """Append the rows of the video with this key, by table; embeddings get a file of its own.

        Those of tables that are not written are not looked at.
        """
        for name in filter(rows.__contains__, self._names):
            with durable.explained(self._paths[name]), ExitStack() as stack:
                writer = self._writers.get(name) or stack.enter_context(self._file_of(video))
                for piece in rows[name]:
                    writer.write(piece)

    def _file_of(self, video: str) -> TableWriter:
        folder = _temporary(self._paths["embeddings"], self.run_id)
        path = folder / f"{safe_name(video)}.parquet"
        # A row is about 1 KB, twenty times one of the other tables.
        columns = schema.TABLES["embeddings"].arrow
        return TableWriter(path, columns, self._metadata, group_rows=8192)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with durable.explained(self._out):
            self._stack.__exit__(kind, error, traceback)

    def _place(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        folder = self._out.parent
        for name, path in self._paths.items():
            if name == "timelines":
                durable.sync_folder(folder)  # a power cut must not keep it and lose the others
            if path.is_dir():
                # A folder cannot be replaced in one step.
                path.rename(_temporary(path, uuid.uuid4().hex))
            written = _temporary(path, self.run_id)
            if written.is_dir():
                durable.sync_folder(written)
            if written.exists():
                written.replace(path)
            else:
                path.unlink(missing_ok=True)
        durable.sync_folder(folder)

    def _remove_temporaries(self) -> None:
        """Remove what this run, or one that was killed, left under temporary names."""
        for path in self._paths.values():
            for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 32}.tmp"):
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()
