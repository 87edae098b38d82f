"""Reading what runs wrote: any of a run's tables by its name, and many runs as one.

A run is named by its timelines; its other tables lie beside them.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from os import PathLike, fspath
from typing import Any, Literal, TypeAlias

import pyarrow as pa
from upath import UPath

from streamfer.config import Analysis
from streamfer.errors import UsageError
from streamfer.places import Place, place
from streamfer.store import schema
from streamfer.store.output import RUN_ID_KEY, holds_timelines, read_metadata, table_paths
from streamfer.store.table_reader import read_table

Name: TypeAlias = str | PathLike[str] | UPath
"""A path, a URI, or a glob of either."""


def read(
    runs: Name | Iterable[Name],
    table: str = "timelines",
    *,
    to: Literal["arrow", "pandas", "polars"] = "arrow",
) -> Any:  # noqa: ANN401 - a table of the library that is asked for
    """One table of a run, or of many runs one after the other.

    `runs` names the timelines: a path, a URI, a glob, or a list of these. `table` is "timelines",
    "videos", "frames", "episodes", "tracks", "audio" or "embeddings"; docs/tables.md describes
    their columns. For a glob or a list there is one column more, the first: `run`, which names
    the timelines that a row belongs to. Columns that an older run lacks are null.

    Returns a `pyarrow.Table`, or a `DataFrame` of pandas or Polars as `to` says. The schema of an
    Arrow table of one run holds the run's metadata: models, settings, run id.

    Raises:
        UsageError: There is no such run or table; a table is of a later major version, or of
            another run than its timelines; pandas or Polars is not installed.
    """
    convert = _converter(to)
    found = find_runs(runs)
    columns = pa.schema([field.with_nullable(True) for field in _contract(table).arrow])
    if found.many:
        columns = columns.insert(0, pa.field("run", pa.string()))
    pieces = [columns.empty_table()]
    try:
        for run in found.timelines:
            for file in table_files(run, table):
                piece = read_table(file)
                if found.many:
                    piece = piece.add_column(0, "run", pa.repeat(pa.scalar(str(run)), len(piece)))
                pieces.append(piece)
        whole = pa.concat_tables(pieces, promote_options="default")
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"The {table} cannot be read: {error}.") from None
    metadata = None if found.many else pieces[-1].schema.metadata
    return convert(whole.replace_schema_metadata(metadata))


@dataclass(frozen=True)
class Runs:
    """The timelines of some runs; `many` says that they were asked for as several."""

    timelines: tuple[Place, ...]
    many: bool


def find_runs(names: Name | Iterable[Name]) -> Runs:
    """The runs that are named; what a glob matches beside timelines is passed over.

    Raises UsageError if a name is not that of timelines, or nothing is found.
    """
    if not isinstance(names, str | PathLike | UPath):
        found = [run for name in names for run in find_runs(name).timelines]
        if not found:
            raise UsageError("No timelines are named.")
        return Runs(tuple(dict.fromkeys(found)), many=True)
    named = names if isinstance(names, UPath) else place(fspath(names))
    if named.is_dir():
        raise UsageError(f"{named} is a folder: name the timelines in it.")
    if named.exists():
        table = read_metadata(named)[schema.SCHEMA_KEY].partition(".")[0]
        if table != "timelines":
            raise UsageError(f"{named} holds the {table} of a run: name its timelines.")
        return Runs((named,), many=False)
    if not glob.has_magic(str(named)):
        raise UsageError(f"There is no {named}.")
    # What lies before the first special character is a folder; below it is the pattern.
    folder = next(parent for parent in named.parents if not glob.has_magic(str(parent)))
    pattern = "/".join(named.parts[len(folder.parts) :])
    matches = [match for match in _glob(folder, pattern) if holds_timelines(match)]
    if not matches:
        raise UsageError(f"No timelines match {named}.")
    return Runs(tuple(matches), many=True)


def find_run(name: Name) -> Place:
    """The one run that is named. Raises UsageError as `find_runs` does, and for several."""
    run, *others = find_runs(name).timelines
    if others:
        raise UsageError(f"{name} means {len(others) + 1} runs: name one run.")
    return run


def table_files(run: Place, table: str) -> list[Place]:
    """The files of a run's table: one, or of embeddings one for each video.

    Raises UsageError if there is no such table, or not one that can be read.
    """
    contract = _contract(table)
    path = table_paths(run)[table]
    if not path.exists():
        raise UsageError(f"{run} has no table of {table}: {_remedy(table)}")
    files = _glob(path, "*.parquet") if path.is_dir() else [path]
    run_id = read_metadata(run).get(RUN_ID_KEY)
    # A folder of embeddings is put in place as a whole: the first file speaks for all.
    for file in files[:1]:
        metadata = read_metadata(file)
        found, _, version = metadata[schema.SCHEMA_KEY].partition(".v")
        if found != table or not version.isdecimal():
            raise UsageError(f"{file} holds {metadata[schema.SCHEMA_KEY]}, not {table}.")
        if int(version) > contract.version:
            raise UsageError(
                f"{file} is of version {version} of the {table}; this streamfer knows version "
                f"{contract.version}. Update it: `pip install --upgrade streamfer`."
            )
        if metadata.get(RUN_ID_KEY) != run_id:
            raise UsageError(
                f"{file} is of another run than {run}: the run that wrote one of them was "
                "interrupted. Run the same command again."
            )
    return files


def _contract(table: str) -> schema.Contract:
    if table not in schema.TABLES:
        raise UsageError(f"There is no table {table}; the tables are {', '.join(schema.TABLES)}.")
    return schema.TABLES[table]


def _remedy(table: str) -> str:
    if hasattr(Analysis, table):
        return f"`streamfer run --{table}` writes it."
    return "the same `streamfer run` again writes it."


def _glob(folder: Place, pattern: str) -> list[Place]:
    """What matches in a folder, in the order of the names."""
    matches: Iterable[Place] = folder.glob(pattern)
    return sorted(matches, key=str)


def _converter(to: str) -> Callable[[pa.Table], Any]:
    """What makes of an Arrow table what is asked for; the library is imported only now."""
    if to == "arrow":
        return lambda table: table
    if to not in {"pandas", "polars"}:
        raise UsageError(f'Tables can be had as "arrow", "pandas" or "polars", not as {to!r}.')
    try:
        library = import_module(to)
    except ModuleNotFoundError:
        raise UsageError(f"{to} is not installed: `pip install {to}`.") from None
    convert: Callable[[pa.Table], Any]
    convert = library.from_arrow if to == "polars" else pa.Table.to_pandas
    return convert
