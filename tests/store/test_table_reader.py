"""Tables are read without threads, which could outlive the interpreter that owns their file."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from streamfer.store import schema
from streamfer.store.table_reader import open_table, read_table
from streamfer.store.table_writer import TableWriter
from tests.store.example_rows import make_timelines

READS = """
import os, sys
from pathlib import Path
from streamfer.store.output import read_metadata
from streamfer.store.table_reader import open_table, read_table

threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
read_metadata(Path(sys.argv[1]))
rows = read_table(Path(sys.argv[1])).num_rows
with open_table(Path(sys.argv[1])) as table:
    rows += sum(batch.num_rows for batch in table.iter_batches(use_threads=False))
print(rows, threads() - before)
"""


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, pa.Table]:
    table = make_timelines(100_000)
    path = tmp_path / "t.parquet"
    with TableWriter(path, schema.TABLES["timelines"].arrow, {}) as writer:
        writer.write(table)
    return path, table


def test_reading_starts_no_thread(written: tuple[Path, pa.Table]):
    path, _ = written
    command = [sys.executable, "-c", READS, str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.split() == ["200000", "0"]


def test_columns_are_chosen(written: tuple[Path, pa.Table]):
    path, table = written
    assert read_table(path).equals(table)
    assert read_table(path, ["window", "video"]).equals(table.select(["window", "video"]))


def test_a_damaged_page_is_an_error(written: tuple[Path, pa.Table]):
    path, _ = written
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"."), open_table(path) as table:
        table.read(use_threads=False)
