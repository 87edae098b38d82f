"""The final tables appear together and whole, or the old ones stay."""

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.errors import UsageError
from streamfer.store import schema
from streamfer.store.output import (
    OutputTables,
    check_writable,
    read_metadata,
    safe_name,
    table_paths,
)
from streamfer.store.validate import validate
from tests.store.example_rows import MAKERS, make_embeddings, make_timelines

SPAWN = multiprocessing.get_context("spawn")


ALWAYS = {"timelines", "episodes", "tracks", "videos"}
EVERY = set(schema.TABLES)


def write(out: Path, rows: int, names: set[str], *, number: int = 0) -> str:
    """A run's tables; returns its run id."""
    with OutputTables(out, {"run": str(number)}, names) as tables:
        made = {name: [MAKERS[f"{name}.v1"](rows)] for name in EVERY}
        tables.write("000000.mp4", made)
    return tables.run_id


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def placed(tables: set[str]) -> set[str]:
    paths = table_paths(Path("timelines.parquet"))
    return {paths[name].name for name in tables}


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_tables_carry_the_run_and_are_valid(tmp_path: Path):
    out = tmp_path / "new" / "folder" / "timelines.parquet"
    run_id = write(out, 40, EVERY)
    assert names(out.parent) == {
        "timelines.parquet",
        "timelines.episodes.parquet",
        "timelines.tracks.parquet",
        "timelines.videos.parquet",
        "timelines.audio.parquet",
        "timelines.frames.parquet",
        "timelines.embeddings",
    }
    for name, path in table_paths(out).items():
        file = path / "000000.mp4.parquet" if name == "embeddings" else path
        assert read_metadata(file)["streamfer.schema"] == f"{name}.v1"
        assert read_metadata(file)["streamfer.run_id"] == run_id
        assert read_metadata(file)["run"] == "0"
        assert validate(path) == []


def test_rows_in_pieces_are_the_rows_in_one(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    whole = make_timelines(3000)
    with OutputTables(out, {}, ["timelines"]) as tables:
        for start in range(0, 3000, 4):
            piece = whole.slice(start, 4)
            tables.write("a.mp4", {"timelines": [piece.select(sorted(piece.column_names))]})
    assert pq.read_table(out).equals(whole)
    assert pq.ParquetFile(out).num_row_groups == 1


def test_embeddings_are_held_in_memory_a_few_megabytes_at_a_time(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    with OutputTables(out, {}, ["timelines", "embeddings"]) as tables:
        tables.write("a.mp4", {"embeddings": [make_embeddings(1000)] * 20})
    metadata = pq.read_metadata(table_paths(out)["embeddings"] / "a.mp4.parquet")
    assert metadata.num_rows == 20_000
    assert max(metadata.row_group(i).total_byte_size for i in range(3)) < 10e6


def test_other_programs_read_the_tables(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    write(out, 40, EVERY)
    expected = make_timelines(40)["p_fear"].to_numpy().astype(float).sum()
    assert duckdb.sql(f"SELECT sum(p_fear) FROM '{out}'").fetchall()[0][0] == pytest.approx(
        expected
    )
    assert pl.read_parquet(out)["p_fear"].cast(pl.Float64).sum() == pytest.approx(expected)
    file = table_paths(out)["embeddings"] / "000000.mp4.parquet"
    vectors = np.stack(make_embeddings(40)["vector"].to_numpy(zero_copy_only=False))
    (first,) = duckdb.sql(f"SELECT vector FROM '{file}' ORDER BY tick").fetchall()[0]
    assert np.array_equal(np.array(first, np.float16), vectors[0])
    assert np.array_equal(pl.read_parquet(file)["vector"].to_numpy(), vectors)


def test_tables_no_longer_asked_for_do_not_outlive_their_run(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    write(out, 40, EVERY)
    write(out, 20, ALWAYS)
    assert names(tmp_path) == placed(ALWAYS)
    assert pq.read_table(out).num_rows == 20


def test_embeddings_of_videos_that_went_are_gone(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    write(out, 40, EVERY)
    with OutputTables(out, {}, ["timelines", "embeddings"]) as tables:
        tables.write("../other/a.mp4", {"embeddings": []})
    assert names(tmp_path / "timelines.embeddings") == {"%2E.%2Fother%2Fa.mp4.parquet"}


def test_an_exception_leaves_the_old_output(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    write(out, 40, EVERY)
    before = content(tmp_path)

    def run_with_a_defect() -> None:
        with OutputTables(out, {}, EVERY) as tables:
            made = {"timelines": [make_timelines(7)], "embeddings": [make_embeddings(5)]}
            tables.write("b.mp4", made)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_with_a_defect()
    assert content(tmp_path) == before


def test_rows_that_break_the_schema_leave_the_old_output(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    write(out, 40, ALWAYS)
    before = content(tmp_path)
    rows = make_timelines(3)
    null = pa.array([None] * 3, pa.float32())
    rows = rows.set_column(rows.column_names.index("p_fear"), "p_fear", null)
    with (
        pytest.raises(ValueError, match="null"),
        OutputTables(out, {}, ["timelines"]) as tables,
    ):
        tables.write("a.mp4", {"timelines": [rows]})
    assert content(tmp_path) == before


def test_a_full_disk_is_said_and_leaves_the_old_output(tmp_path: Path, small_disk):
    out = tmp_path / "timelines.parquet"
    write(out, 5, ALWAYS)
    before = content(tmp_path)
    with (
        small_disk(),
        pytest.raises(UsageError, match=r"Cannot write .*timelines\.parquet: File too large"),
    ):
        write(out, 5000, ALWAYS)
    with (
        small_disk(),
        pytest.raises(UsageError, match=r"Cannot write .*\.embeddings: File too large"),
        OutputTables(out, {}, ["timelines", "embeddings"]) as tables,
    ):
        tables.write("b.mp4", {"embeddings": [make_embeddings(50)]})
    assert content(tmp_path) == before


def write_and_wait(out: Path, begun: Event) -> None:
    with OutputTables(out, {}, EVERY) as tables:
        tables.write("a.mp4", {"embeddings": [make_embeddings(5)]})
        tables.write("b.mp4", {"timelines": [make_timelines(200_000)]})
        begun.set()
        SPAWN.Event().wait()


def test_kill_9_while_writing_leaves_the_old_output_and_the_next_run_tidies(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    write(out, 40, EVERY)
    before = content(tmp_path)
    begun = SPAWN.Event()
    driver = SPAWN.Process(target=write_and_wait, args=(out, begun), daemon=True)
    driver.start()
    assert begun.wait(60)
    driver.kill()
    driver.join()
    (tmp_path / ".timelines.parquet.mine.tmp").touch()
    left = content(tmp_path)
    assert {path: left[path] for path in before} == before
    assert len(left) > len(before) + 1
    with OutputTables(out, {}, ["timelines"]):
        assert len(list(tmp_path.glob(".*.tmp"))) == 2  # its own, and mine
    assert names(tmp_path) == {"timelines.parquet", ".timelines.parquet.mine.tmp"}


def write_again(out: Path) -> None:
    write(out, 10, EVERY, number=1)


def kill_when_placed(out: Path, name: str) -> dict[str, int]:
    """Kill a run the moment its table `name` appears; the run that each table is then of."""
    write(out, 10, EVERY)
    assert validate(out) == []
    placed = table_paths(out)[name]
    before = placed.stat().st_ino
    driver = SPAWN.Process(target=write_again, args=(out,), daemon=True)
    driver.start()
    while placed.stat().st_ino == before:
        time.sleep(1e-4)  # on one core, spinning would starve the run
    driver.kill()
    driver.join()
    assert pq.read_table(out).equals(make_timelines(10))
    files = {name: path for name, path in table_paths(out).items() if path.is_file()}
    return {name: int(read_metadata(path)["run"]) for name, path in files.items()}


@pytest.mark.parametrize("name", ["audio", "tracks"])
def test_kill_9_between_renames_shows(tmp_path: Path, name: str):
    out = tmp_path / "timelines.parquet"
    runs = kill_when_placed(out, name)
    problems = validate(out)
    assert bool(problems) == (len(set(runs.values())) > 1)
    assert all("interrupted" in problem for problem in problems)


def test_timelines_that_are_in_place_have_all_tables_of_their_run(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    assert kill_when_placed(out, "timelines") == dict.fromkeys(EVERY - {"embeddings"}, 1)
    assert validate(out) == []


def test_check_writable_makes_the_folder_and_leaves_nothing_else(tmp_path: Path):
    check_writable(tmp_path / "a" / "b" / "timelines.parquet")
    assert names(tmp_path / "a" / "b") == set()
    write(tmp_path / "timelines.parquet", 3, ALWAYS)
    check_writable(tmp_path / "timelines.parquet")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder.parquet", "is a folder"),
        ("notes.parquet", "holds no timelines"),
        ("x.videos.parquet", "holds no timelines"),
        ("notes.parquet/timelines.parquet", "notes.parquet is not a folder"),
        ("timelines.csv", "must end in .parquet"),
    ],
)
def test_check_writable_refuses_what_cannot_be(tmp_path: Path, name: str, words: str):
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "notes.parquet").write_text("my notes")
    write(tmp_path / "x.parquet", 3, ALWAYS)
    with pytest.raises(UsageError, match=words):
        check_writable(tmp_path / name)
    assert (tmp_path / "notes.parquet").read_text() == "my notes"


def test_check_writable_refuses_a_forbidden_folder(forbidden: Path):
    with pytest.raises(UsageError, match="Permission denied"):
        check_writable(forbidden / "timelines.parquet")
    with pytest.raises(UsageError, match="Permission denied"):
        check_writable(forbidden / "new" / "timelines.parquet")


def test_metadata_of_a_file_that_is_not_ours(tmp_path: Path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="was not written by streamfer"):
        read_metadata(tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="cannot be read"):
        read_metadata(tmp_path / "absent.parquet")


keys = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=300)


@given(st.lists(keys, min_size=2, max_size=2, unique=True))
def test_safe_names_are_names_and_differ_where_keys_do(pair: list[str]):
    first, second = map(safe_name, pair)
    assert first != second
    for name in (first, second):
        assert Path(name).name == name
        assert not name.startswith(".")
        assert len(name.encode()) <= 200
        assert name.isprintable()


def test_long_keys_that_differ_at_the_end_keep_apart():
    assert safe_name("a" * 300 + "1") != safe_name("a" * 300 + "2")
    assert safe_name("talks/day 1.mp4") == "talks%2Fday 1.mp4"
