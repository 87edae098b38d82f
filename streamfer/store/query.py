"""SQL over the tables of runs, by DuckDB, in this process.

Nothing is loaded whole: DuckDB reads of the files what a query needs, and gives its answer bit
by bit.
"""

from __future__ import annotations

import glob
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression
from upath import UPath

from streamfer.errors import UsageError
from streamfer.store import schema
from streamfer.store.read import Name, Runs, find_runs, table_files

_SETTINGS: dict[str, Any] = {
    # Nothing is downloaded unless the query itself says so.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # a name in a query is never a variable of this program
}

_ABSENT = re.compile(r"Table with name (\w+) does not exist")


@contextmanager
def query(sql: str, runs: Name | Iterable[Name]) -> Iterator[pa.RecordBatchReader]:
    """The answer to one SQL statement on the tables of one or many runs, as Arrow batches.

    `runs` is as in `read`. The views are `timelines`, `videos`, `frames`, `episodes`, `tracks`,
    `audio` and `embeddings`, as far as all of the runs have them; of a list or a glob each begins
    with the column `run`. Much is computed only while the answer is read, in the context.

    Raises UsageError, in a sentence, if the query cannot be answered.
    """
    found = find_runs(runs)
    missing: dict[str, str] = {}
    # What does not fit into memory goes there, not into the folder where the user happens to be.
    with tempfile.TemporaryDirectory() as spill:
        connection = duckdb.connect(config=_SETTINGS | {"temp_directory": spill})
        with connection, _explained(sql, missing):
            missing |= _make_views(connection, found)
            answer = connection.sql(sql)
            nothing = pa.schema([]).empty_table().to_reader()
            yield pa.RecordBatchReader.from_stream(answer) if answer is not None else nothing


def _make_views(connection: duckdb.DuckDBPyConnection, runs: Runs) -> dict[str, str]:
    """A view for each table that all runs have; of the others, why there is none."""
    stores = {run.protocol: run.fs for run in runs.timelines if isinstance(run, UPath)}
    for store in stores.values():
        connection.register_filesystem(store)
    missing = {}
    for table in schema.TABLES:
        try:
            files = [table_files(run, table) for run in runs.timelines]
        except UsageError as error:
            missing[table] = str(error)
        else:
            if any(files):
                _view(connection, table, files, runs)
    return missing


def _view(
    connection: duckdb.DuckDBPyConnection, table: str, files: list[list[Any]], runs: Runs
) -> None:
    """One view of the files that each run has of a table, with the columns as in `read`."""
    # No name is part of an SQL text, and characters that mean a glob to DuckDB mean themselves.
    names = [glob.escape(str(file)) for file in chain(*files)]
    rows = connection.read_parquet(names, union_by_name=runs.many, hive_partitioning=False)
    columns = [column.name for column in schema.TABLES[table].columns]
    chosen = [
        ColumnExpression(name) if name in rows.columns else ConstantExpression(None).alias(name)
        for name in dict.fromkeys([*columns, *rows.columns])
    ]
    if runs.many:
        owners = [str(run) for run, its in zip(runs.timelines, files, strict=True) for _ in its]
        number = (ColumnExpression("file_index") + 1).cast("BIGINT")
        owner = FunctionExpression("list_extract", ConstantExpression(owners), number)
        chosen.insert(0, owner.alias("run"))
    rows.select(*chosen).create_view(table)


@contextmanager
def _explained(sql: str, missing: dict[str, str]) -> Iterator[None]:
    """Turns what DuckDB says into one sentence; of a table that is missing, what makes it."""
    try:
        yield
    except duckdb.CatalogException as error:
        absent = _ABSENT.search(str(error))
        reason = missing.get(absent[1].lower()) if absent else None
        raise UsageError(reason or _sentence(error)) from None
    except duckdb.ParserException as error:
        hint = ' Write "window" in quotes: the word has a meaning in SQL.'
        raise UsageError(_sentence(error) + hint * ("window" in sql.lower())) from None
    except BrokenPipeError:  # of whoever reads the answer
        raise
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise UsageError(_sentence(error)) from None


def _sentence(error: Exception) -> str:
    """Without the lines that point into the query, on one line."""
    return " ".join(str(error).partition("\n\nLINE ")[0].split())
