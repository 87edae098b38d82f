"""The tables a run leaves behind, written as a stream and put in place together.

`x/timelines.parquet` has its ledger, and what else was asked for, beside it. All carry one run
id, and `timelines.parquet` is put in place last: whoever sees its new run id has the whole run,
and a run killed between two of them shows as tables whose run ids differ. They are prepared beside
the output or, if that is a URI, in this machine's folder for temporary files.
"""

import hashlib
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self
from urllib.parse import quote

import pyarrow as pa

from streamfer.errors import UsageError
from streamfer.interrupts import uninterrupted
from streamfer.places import Place
from streamfer.store import folders, schema
from streamfer.store.refusal import explained
from streamfer.store.table_reader import open_table
from streamfer.store.table_writer import TableWriter

RUN_ID_KEY = "streamfer.run_id"
"""Key of the file metadata that all tables of one run share."""

_LONGEST_NAME = 200


def table_paths(out: Place) -> dict[str, Place]:
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


def read_metadata(path: Place) -> dict[str, str]:
    """The file metadata of a table that streamfer wrote. Raises UsageError for another file."""
    try:
        with open_table(path) as table:
            metadata = table.schema_arrow.metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {error}") from None
    if schema.SCHEMA_KEY.encode() not in metadata:
        raise UsageError(f"{path} was not written by streamfer.")
    return {key.decode(): value.decode() for key, value in metadata.items()}


def check_writable(out: Place) -> None:
    """Make sure, before work begins, that a run's tables can be put at `out`.

    Creates the folder. Raises UsageError, in a sentence, if `out` does not end in `.parquet`,
    is a folder or a file that holds no timelines, or its folder does not accept files.
    """
    if out.suffix != ".parquet":
        raise UsageError(f"The output {out} must end in .parquet.")
    there = folders.kind(out)
    if there == "folder":
        raise UsageError(f"The output {out} is a folder; name a file in it.")
    probe = f".{out.name}.tmp"
    with uninterrupted():
        folders.folder(out.parent).write(probe, b"")
        folders.folder(out.parent).remove(probe)
    if there and not holds_timelines(out):
        raise UsageError(
            f"The output {out} exists and holds no timelines; remove it or choose another name."
        )


def holds_timelines(path: Place) -> bool:
    """Whether a file is the timelines of a run."""
    try:
        return read_metadata(path)[schema.SCHEMA_KEY].startswith("timelines.")
    except UsageError:
        return False


class OutputTables:
    """Prepares a run's tables; leaving the context puts them in place.

    out: where the timelines go; the caller holds the output's lock.
    metadata: what every file tells about the run (models, settings ...), by key.
    names: which tables are written; those of an earlier run at `out` that are not among them are
        removed, for they would pass as belonging to this one.
    check: called before each table is put in place; raises if the caller lost the lock.

    Rows come in the contract's order, in pieces of any size, and are cast to its types. If the
    context is left by an exception, or the process dies before all is written, the old output
    stays as it was. Raises FatalError if the disk or the store refuses.
    """

    def __init__(
        self,
        out: Place,
        metadata: dict[str, str],
        names: Collection[str],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.run_id = uuid.uuid4().hex
        self._out = out
        self._folder = folders.folder(out.parent)
        self._paths = table_paths(out)
        self._metadata = metadata | {RUN_ID_KEY: self.run_id}
        self._names = names
        self._check = check
        self._writers: dict[str, TableWriter] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stage = stack.enter_context(self._folder.staging(self._out.name))
            # Left in reverse: the files are finished, put in place, and what remains is removed.
            stack.push(self._place)
            for name in self._names:
                with explained("write", self._shown(name)):
                    if name == "embeddings":
                        (self._stage / name).mkdir()
                        continue
                    writer = TableWriter(
                        self._stage / name, schema.TABLES[name].arrow, self._metadata
                    )
                    self._writers[name] = stack.enter_context(writer)
            self._stack = stack.pop_all()
        return self

    def write(self, video: str, rows: Mapping[str, Iterable[pa.Table]]) -> None:
        """Append the rows of the video with this key, by table; embeddings get a file of its own.

        Those of tables that are not written are not looked at.
        """
        for name in filter(rows.__contains__, self._names):
            with explained("write", self._shown(name)), ExitStack() as stack:
                writer = self._writers.get(name) or stack.enter_context(self._file_of(video))
                for piece in rows[name]:
                    writer.write(piece)

    def _file_of(self, video: str) -> TableWriter:
        path = self._stage / "embeddings" / f"{safe_name(video)}.parquet"
        # A row is about 1 KB, twenty times one of the other tables.
        columns = schema.TABLES["embeddings"].arrow
        return TableWriter(path, columns, self._metadata, group_rows=8192)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with uninterrupted(), explained("write", self._shown("timelines")):
            self._stack.__exit__(kind, error, traceback)

    def _place(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        for name, path in self._paths.items():
            self._check()
            if name in self._names:
                self._folder.put(self._stage / name, path.name)
            else:
                self._folder.remove(path.name)

    def _shown(self, name: str) -> Place:
        """What to tell a person is being written: the table, or the file that is to become it."""
        beside = self._stage.parent == self._out.parent
        return self._paths[name] if beside else self._stage / name
