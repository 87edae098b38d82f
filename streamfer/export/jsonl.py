"""JSON lines: one object a row."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa


def write(file: BinaryIO, _schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches, a line for each row."""
    file.writelines(f"{line}\n".encode() for line in lines(batches))


def lines(batches: Iterable[pa.RecordBatch]) -> Iterator[str]:
    """Each row as JSON in ASCII, without a line's end. NaN, which JSON lacks, becomes null."""
    for batch in batches:
        columns = [_values(column) for column in batch.columns]
        for row in zip(*columns, strict=True):
            yield json.dumps(dict(zip(batch.schema.names, row, strict=True)), default=_plain)


def _values(column: pa.Array) -> list[Any]:
    if pa.types.is_float32(column.type):
        # By way of their shortest decimals: 0.1, not 0.10000000149011612.
        column = column.cast(pa.string()).cast(pa.float64())
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [None if value is None or math.isnan(value) else value for value in values]
    return values


def _plain(value: object) -> object:
    """Of what SQL knows and JSON does not: whole numbers of any size, and dates as text."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return str(value)
