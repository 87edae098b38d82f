"""Comma-separated values, for spreadsheets and statistics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

# What a spreadsheet takes for the beginning of a formula, which may run commands.
_FORMULA = r"^[=+\-@\t\r]"


def write(file: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches of one schema, UTF-8, after a line with the names of their columns.

    Of text that a spreadsheet would take for a formula, an apostrophe comes first. Numbers have
    as many digits as it takes to read the same number back; lists are written as JSON.
    """
    first = _cells(pa.RecordBatch.from_pylist([], schema))
    with csv.CSVWriter(file, first.schema) as writer:
        for batch in batches:
            writer.write_batch(_cells(batch))


def _cells(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def _column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_nested(kind):
        return pa.array([json.dumps(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column
    text = column.cast(pa.string())
    formula = pc.match_substring_regex(text, _FORMULA)
    return pc.if_else(formula, pc.binary_join_element_wise("'", text, ""), text)
