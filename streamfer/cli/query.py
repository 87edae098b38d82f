"""`streamfer query`: questions to the tables of runs, in SQL."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from streamfer.cli.console import printable, say
from streamfer.export import csv, jsonl

_SHOWN = 100
_WIDEST = 80


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement, as DuckDB knows it.")],
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="TIMELINES",
            help="The timelines of one or more runs: files, URIs, globs in quotes. Of several, the "
            "first column of each table, `run`, says whose a row is.",
        ),
    ],
    form: Annotated[
        Format,
        typer.Option("--format", help=f"`table` shows {_SHOWN} rows; the others give all."),
    ] = Format.TABLE,
) -> None:
    """Ask the tables of runs a question in SQL.

    The tables are timelines, videos, episodes and tracks and, if the run has them, frames, audio
    and embeddings.

    For example: `streamfer query "SELECT emotion, count(*) FROM timelines GROUP BY emotion"
    timelines.parquet`
    """
    # DuckDB takes a while that --help need not wait for.
    from streamfer.store.query import query as ask  # noqa: PLC0415

    with ask(sql, runs[0] if len(runs) == 1 else runs) as answer:
        if not answer.schema.names:  # the statement was no question
            return
        if form is Format.CSV:
            csv.write(sys.stdout.buffer, answer.schema, answer)
        elif form is Format.JSON:
            _print_json(jsonl.lines(answer))
        else:
            _print_table(answer)


def _print_json(rows: Iterable[str]) -> None:
    """An array with a row on each line."""
    end = "["
    for row in rows:
        sys.stdout.write(f"{end}\n{row}")
        end = ","
    sys.stdout.write("[]\n" if end == "[" else "\n]\n")


def _print_table(answer: pa.RecordBatchReader) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for field in answer.schema:
        right = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        table.add_column(printable(field.name), justify="right" if right else "left")
    rows = (
        row for batch in answer for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)
    )
    for row in islice(rows, _SHOWN):
        table.add_row(*map(_cell, row))
    # Wider than any table: a terminal wraps lines better than rich wraps cells.
    Console(width=10_000, markup=False, emoji=False, highlight=False).print(table)
    if next(rows, None):
        say(f"These are the first {_SHOWN} rows; --format csv and --format json give all.")


def _cell(value: Any) -> str:  # noqa: ANN401 - whatever SQL can compute
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else printable(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
