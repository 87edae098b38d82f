"""Writes one Parquet file from many small pieces, with bounded memory and compact row groups."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

_PIECES = 256


class TableWriter:
    """A context manager that creates `path`, flushed to the disk when left without an exception.

    Pieces are collected until they fill a row group of `group_rows` rows, which are held in
    memory. Raises OSError if `path` exists or the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        columns: pa.Schema,
        metadata: dict[str, str],
        *,
        group_rows: int = 65_536,
    ) -> None:
        self._path = path
        self._group_rows = group_rows
        self._columns = columns.with_metadata((columns.metadata or {}) | metadata)
        self._stack = ExitStack()
        self._pieces: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._file = stack.enter_context(self._path.open("xb"))
            strings = [field.name for field in self._columns if pa.types.is_string(field.type)]
            self._parquet = stack.enter_context(
                pq.ParquetWriter(
                    self._file,
                    self._columns,
                    compression="zstd",
                    use_dictionary=strings,
                    write_page_checksum=True,
                )
            )
            self._stack = stack.pop_all()
        return self

    def write(self, piece: pa.Table) -> None:
        """Append rows; their columns are put in order and cast to the file's types."""
        if not piece.num_rows:
            return
        self._pieces.append(piece.select(self._columns.names).cast(self._columns))
        self._rows += piece.num_rows
        if self._rows >= self._group_rows:
            self._flush(self._rows - self._rows % self._group_rows)
        elif len(self._pieces) == _PIECES:
            # A table of a few rows costs far more than its rows.
            self._pieces = [pa.concat_tables(self._pieces).combine_chunks()]

    def _flush(self, rows: int) -> None:
        pending = pa.concat_tables(self._pieces)
        self._parquet.write_table(pending.slice(0, rows), row_group_size=self._group_rows)
        self._pieces = [pending.slice(rows)]
        self._rows -= rows

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack:
            if kind is None:
                if self._rows:
                    self._flush(self._rows)
                self._parquet.close()
                self._file.flush()
                os.fsync(self._file.fileno())
