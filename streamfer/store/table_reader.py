"""Reads Parquet files on the caller's own thread, wherever they lie.

Else a thread of Arrow's may still hold a piece of a file, which is Python's, when the process
ends, and abort it: exit code 134 after all had gone well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from streamfer.places import Place
from streamfer.store import folders


@contextmanager
def open_table(path: Place) -> Iterator[pq.ParquetFile]:
    """A Parquet file, whose pages' checksums are verified. Pass `use_threads=False` to its methods.

    Raises OSError or ArrowException, as reading does.
    """
    with (
        folders.opened(path) as file,
        pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True) as table,
    ):
        yield table


def read_table(path: Place, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a Parquet file, or some of its columns. Raises OSError or ArrowException."""
    with open_table(path) as table:
        return table.read(columns, use_threads=False)
