"""A table of any length is written from pieces of any size in row groups of bounded size."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamfer.store import schema
from streamfer.store.table_writer import TableWriter
from tests.store.example_rows import make_timelines, make_videos

VIDEOS = schema.TABLES["videos"].arrow


@pytest.mark.parametrize("size", [7, 1000, 150_000])
def test_row_groups_are_full_and_bounded(tmp_path: Path, size: int):
    table = make_timelines(150_000)
    with TableWriter(tmp_path / "t.parquet", schema.TABLES["timelines"].arrow, {}) as writer:
        for start in range(0, table.num_rows, size):
            writer.write(table.slice(start, size))
    with pq.ParquetFile(tmp_path / "t.parquet") as file:
        groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        assert file.read().equals(table)
    assert groups == [65_536, 65_536, 18_928]


def test_columns_are_put_in_order_and_cast(tmp_path: Path):
    table = make_videos(4)
    loose = table.set_column(5, "attempts", table["attempts"].cast(pa.int64()))
    with TableWriter(tmp_path / "t.parquet", VIDEOS, {"run": "ü"}) as writer:
        writer.write(loose.select(loose.column_names[::-1]))
    found = pq.read_table(tmp_path / "t.parquet")
    assert found.schema.equals(VIDEOS)
    assert found["video"].equals(table["video"])
    assert found.schema.metadata[b"run"] == "ü".encode()


def test_a_file_that_exists_is_never_written_over(tmp_path: Path):
    (tmp_path / "t.parquet").write_text("my notes")
    with pytest.raises(FileExistsError), TableWriter(tmp_path / "t.parquet", VIDEOS, {}):
        pass
    assert (tmp_path / "t.parquet").read_text() == "my notes"
