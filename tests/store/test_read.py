"""Tables are read as they were written: one run's or many's, by the library that is asked for."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fsspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from upath import UPath

from streamfer.errors import UsageError
from streamfer.store import schema
from streamfer.store.output import table_paths
from streamfer.store.read import read
from tests.store.example_run import VIDEO, make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "timelines.parquet")


def written(run: Path, table: str) -> pa.Table:
    path = table_paths(run)[table]
    with (path / f"{VIDEO}.parquet" if path.is_dir() else path).open("rb") as file:
        return pq.read_table(file)


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    table = pq.read_table(path)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


def relabel(path: Path, label: str) -> None:
    table = pq.read_table(path)
    metadata = table.schema.metadata | {schema.SCHEMA_KEY.encode(): label.encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_table_is_read_as_it_was_written(run: Path, table: str):
    found = read(run, table)
    expected = written(run, table)
    assert found.num_rows == 6
    pd.testing.assert_frame_equal(found.to_pandas(), expected.to_pandas())
    assert found.schema.types == expected.schema.types
    assert found.schema.metadata == expected.schema.metadata


@pytest.mark.parametrize("table", schema.TABLES)
def test_it_is_had_from_pandas_and_polars_too(run: Path, table: str):
    expected = read(run, table)
    frame = read(run, table, to="pandas")
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_frame_equal(frame, expected.to_pandas())
    other = read(str(run), table, to="polars")
    assert isinstance(other, pl.DataFrame)
    assert other.columns == expected.column_names
    assert other["video"].to_list() == expected["video"].to_pylist()


def test_neither_pandas_nor_polars_need_be_installed(run: Path):
    code = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {{"pandas", "polars"}}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import streamfer
print(streamfer.read({str(run)!r}).num_rows)
for name in ("pandas", "polars"):
    try:
        streamfer.read({str(run)!r}, to=name)
    except streamfer.UsageError as error:
        print(error)
assert "duckdb" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "6",
        "pandas is not installed: `pip install pandas`.",
        "polars is not installed: `pip install polars`.",
    ]


def test_many_runs_are_read_as_one_and_rows_tell_of_which_they_are(tmp_path: Path):
    monday = make_run(tmp_path / "monday" / "timelines.parquet", rows=4)
    friday = make_run(tmp_path / "friday" / "timelines.parquet", rows=5)
    for runs in ([monday, friday], (name for name in (str(monday), str(friday)))):
        both = read(runs, "frames")
        assert both.column_names == ["run", *schema.TABLES["frames"].arrow.names]
        assert both["run"].to_pylist() == [str(monday)] * 4 + [str(friday)] * 5
        assert both.drop_columns(["run"]).slice(0, 4).equals(read(monday, "frames"))
    assert read([monday, friday, monday], "frames").num_rows == 9
    assert read([monday]).column_names[0] == "run"
    assert read([monday, friday], "embeddings")["run"].to_pylist() == both["run"].to_pylist()


def test_a_glob_means_the_timelines_among_what_it_matches(tmp_path: Path):
    runs = [make_run(tmp_path / day / "timelines.parquet") for day in ("a", "b")]
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a" / "others.parquet")
    for pattern in ("*/*.parquet", "**/*.parquet", "[ab]/timelines.parquet"):
        found = read(tmp_path / pattern, "tracks")
        assert list(dict.fromkeys(found["run"].to_pylist())) == list(map(str, runs))
    assert read(tmp_path / "a" / "t*.parquet")["run"].unique().to_pylist() == [str(runs[0])]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path):
    run = make_run(tmp_path / "take [1]*=2" / "it's?.parquet")
    make_run(tmp_path / "take 1=2" / "itss.parquet")
    assert read(run).column_names == schema.TABLES["timelines"].arrow.names


def test_columns_that_came_later_are_null_in_older_runs(tmp_path: Path):
    old = make_run(tmp_path / "old.parquet", rows=3)
    new = make_run(tmp_path / "new.parquet", rows=3)
    rewrite(tmp_path / "old.videos.parquet", lambda table: table.drop_columns(["audio", "fps"]))
    rewrite(tmp_path / "new.videos.parquet", lambda table: table.append_column("hdr", [[True] * 3]))
    alone = read(old, "videos")
    assert alone.column_names == schema.TABLES["videos"].arrow.names
    assert alone["audio"].to_pylist() == [None] * 3
    assert alone["fps"].type == pa.float64()
    both = read([old, new], "videos")
    assert both["audio"].to_pylist() == [None] * 3 + written(new, "videos")["audio"].to_pylist()
    assert both["hdr"].to_pylist() == [None] * 3 + [True] * 3


def test_a_later_major_version_is_refused(run: Path):
    relabel(run.with_name("timelines.tracks.parquet"), "tracks.v2")
    assert read(run).num_rows == 6
    with pytest.raises(UsageError, match=r"is of version 2 of the tracks.*pip install --upgrade"):
        read(run, "tracks")
    relabel(run, "timelines.v3")
    with pytest.raises(UsageError, match="is of version 3 of the timelines"):
        read(run)


def test_a_table_of_another_run_is_refused(run: Path, tmp_path: Path):
    make_run(tmp_path / "other.parquet")
    (tmp_path / "other.frames.parquet").replace(tmp_path / "timelines.frames.parquet")
    with pytest.raises(UsageError, match=r"frames\.parquet is of another run than .*again"):
        read(run, "frames")


@pytest.mark.parametrize("table", ["audio", "embeddings", "frames"])
def test_a_table_that_was_not_asked_for_is_told_how_to_ask_for(tmp_path: Path, table: str):
    run = make_run(tmp_path / "timelines.parquet", ["timelines", "videos"])
    with pytest.raises(UsageError, match=f"has no table of {table}: `streamfer run --{table}`"):
        read(run, table)
    with pytest.raises(UsageError, match="has no table of tracks: the same `streamfer run` again"):
        read(run, "tracks")


def test_what_cannot_be_read_is_said_in_a_sentence(run: Path, tmp_path: Path):
    for runs, table, said in (
        (tmp_path / "nowhere.parquet", "timelines", "There is no .*nowhere"),
        (tmp_path, "timelines", "is a folder"),
        (tmp_path / "timelines.frames.parquet", "timelines", "holds the frames of a run"),
        (tmp_path / "x*.parquet", "timelines", "No timelines match"),
        ([], "timelines", "No timelines are named"),
        (run, "faces", "There is no table faces; the tables are audio, .*videos"),
    ):
        with pytest.raises(UsageError, match=said):
            read(runs, table)
    with pytest.raises(UsageError, match='"arrow", "pandas" or "polars", not as \'R\''):
        read(run, to="R")
    rewrite(run, lambda table: table.set_column(0, "video", [list(range(6))]))
    with pytest.raises(UsageError, match=r"timelines cannot be read: .*video"):
        read([run])
    run.write_bytes(run.read_bytes()[:-9])
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        read(run)


def test_runs_may_lie_at_uris(run: Path):
    memory = fsspec.filesystem("memory")
    for name in ("timelines.parquet", "timelines.frames.parquet"):
        memory.pipe(f"/runs/monday/{name}", run.with_name(name).read_bytes())
    uri = "memory://runs/monday/timelines.parquet"
    for name in (uri, UPath(uri)):
        assert read(name, "frames").equals(read(run, "frames"))
    assert read("memory://runs/*/*.parquet", "frames")["run"].unique().to_pylist() == [uri]
    assert read([uri, run]).num_rows == 12
    with pytest.raises(UsageError, match="There is no memory://runs/sunday"):
        read("memory://runs/sunday/timelines.parquet")
    memory.rm("/runs", recursive=True)
