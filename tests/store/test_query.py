"""SQL over runs: their tables are views, many runs are one, and errors are sentences."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest

from streamfer.errors import UsageError
from streamfer.store import schema
from streamfer.store.query import query
from streamfer.store.read import read
from streamfer.store.table_writer import TableWriter
from tests.store.example_rows import make_frames
from tests.store.example_run import make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "timelines.parquet")


def ask(sql: str, runs: Any) -> list[dict[str, Any]]:
    with query(sql, runs) as answer:
        return [row for batch in answer for row in batch.to_pylist()]


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> bool:
    """NaN included; half precision is single precision in SQL."""
    return str(found) == str(expected)


@pytest.mark.parametrize("table", schema.TABLES)
def test_each_table_is_a_view(run: Path, table: str):
    assert same(ask(f"FROM {table}", run), read(run, table).to_pylist())
    names = {row["name"] for row in ask("SHOW TABLES", run)}
    assert names == set(schema.TABLES)


def test_tables_are_joined_counted_and_turned(run: Path):
    counted = ask(
        "SELECT emotion, count(*) AS windows, sum(faces) AS faces FROM timelines GROUP BY emotion",
        run,
    )
    rows = read(run).to_pylist()
    for answer in counted:
        faces = [row["faces"] for row in rows if row["emotion"] == answer["emotion"]]
        assert (answer["windows"], answer["faces"]) == (len(faces), sum(faces))
    assert sum(answer["windows"] for answer in counted) == 6
    joined = ask('SELECT count(*) AS n FROM timelines JOIN audio USING (video, "window")', run)
    assert joined == [{"n": 6 - sum(row["window"] > 5 for row in rows)}]
    turned = ask("PIVOT timelines ON emotion USING count(*) GROUP BY video", run)
    assert turned == [{"video": "000000.mp4"} | {row["emotion"]: row["windows"] for row in counted}]


def test_many_runs_are_one(tmp_path: Path):
    runs = [
        make_run(tmp_path / day / "timelines.parquet", rows=n) for n, day in enumerate("abc", 3)
    ]
    older = tmp_path / "b" / "timelines.tracks.parquet"
    table = pq.read_table(older)
    pq.write_table(table.drop_columns(["first_s"]), older)
    for table in schema.TABLES:
        assert same(ask(f"FROM {table}", runs), read(runs, table).to_pylist())
    counts = (
        "SELECT run, count(*) AS n, count(first_s) AS known FROM tracks GROUP BY run ORDER BY n"
    )
    assert ask(counts, tmp_path / "*" / "*.parquet") == [
        {"run": str(run), "n": n, "known": known}
        for run, n, known in zip(runs, (3, 4, 5), (3, 0, 5), strict=True)
    ]


def test_names_of_files_are_never_sql_or_globs(tmp_path: Path):
    odd = make_run(tmp_path / "a=1" / "it's [1]*\n\"); DROP TABLE x; --.parquet")
    make_run(tmp_path / "a=1" / "it's 1x\n\"); DROP TABLE x; --.parquet", rows=3)
    for table in schema.TABLES:
        assert same(ask(f"FROM {table}", odd), read(odd, table).to_pylist())
        assert same(ask(f"FROM {table}", [odd]), read([odd], table).to_pylist())


def test_runs_may_lie_at_uris(run: Path):
    memory = fsspec.filesystem("memory")
    for name in ("timelines.parquet", "timelines.frames.parquet"):
        memory.pipe(f"/queried/{name}", run.with_name(name).read_bytes())
    uri = "memory://queried/timelines.parquet"
    assert same(ask("FROM frames", uri), read(run, "frames").to_pylist())
    both = ask("SELECT run, count(*) AS n FROM frames GROUP BY run ORDER BY run", [run, uri])
    assert both == [{"run": str(run), "n": 6}, {"run": uri, "n": 6}]
    memory.rm("/queried", recursive=True)


def test_a_missing_table_is_told_how_to_make(tmp_path: Path):
    with_frames = make_run(tmp_path / "a.parquet", ["timelines", "videos", "frames"])
    without = make_run(tmp_path / "b.parquet", ["timelines", "videos"])
    said = re.escape(f"{without} has no table of frames: `streamfer run --frames` writes it.")
    for runs in (without, [with_frames, without]):
        with pytest.raises(UsageError, match=said):
            ask("SELECT count(*) FROM timelines JOIN Frames USING (video)", runs)
    assert ask("WITH frames AS (SELECT 3 AS n) FROM frames", without) == [{"n": 3}]
    assert len(ask("FROM frames", with_frames)) == 6


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT emotio FROM timelines", 'Candidate bindings: .*"emotion"'),
        ("SELECT * FROM faces", "faces does not exist"),
        ("SELECT window FROM timelines", 'Write "window" in quotes'),
        ("SELECT CAST(video AS INT) FROM timelines", "Could not convert string '000000.mp4'"),
        ("SELECT error('no' || chr(10) || 'luck')", "no luck"),
        ("SELECT * FROM missing", "missing does not exist"),
        ("SELECT * FROM runs", "runs does not exist"),
        ("SELECT * FROM 'https://example.org/x.parquet'", "requires the extension httpfs"),
        ("COPY timelines TO '/nowhere/x.csv'", "/nowhere/x.csv"),
    ],
)
def test_what_is_wrong_with_a_query_is_one_sentence(run: Path, sql: str, said: str):
    with pytest.raises(UsageError, match=said) as error:
        ask(sql, run)
    assert len(str(error.value).splitlines()) == 1


def test_what_is_no_question_has_an_empty_answer(run: Path):
    assert ask("", run) == []


def test_extensions_are_neither_fetched_nor_loaded_unasked(run: Path):
    settings = ask("SELECT name, value FROM duckdb_settings()", run)
    value = {row["name"]: row["value"] for row in settings}
    assert value["autoinstall_known_extensions"] == "false"
    assert value["autoload_known_extensions"] == "false"
    loaded = ask("SELECT install_mode FROM duckdb_extensions() WHERE loaded", run)
    assert {row["install_mode"] for row in loaded} == {"STATICALLY_LINKED"}


def test_what_does_not_fit_into_memory_does_not_go_to_the_working_folder(
    run: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = run.parent / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    large = "SELECT range, hash(range) AS h FROM range(1000000) ORDER BY h"
    with query(f"SET memory_limit = '40MB'; {large}", run) as answer:
        assert answer.read_next_batch().num_rows > 0
        assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_long_run_is_not_loaded_whole(tmp_path: Path):
    """Four million faces take 900 MB as an Arrow table."""
    run = make_run(tmp_path / "timelines.parquet", ["timelines", "frames"])
    frames = tmp_path / "timelines.frames.parquet"
    metadata = {k.decode(): v.decode() for k, v in pq.read_schema(frames).metadata.items()}
    frames.unlink()
    piece = make_frames(65_536)
    with TableWriter(frames, schema.TABLES["frames"].arrow, metadata) as writer:
        for _ in range(60):
            writer.write(piece)
    code = f"""
import json, resource
from streamfer.store.query import query

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

with query("SELECT 1", {str(run)!r}) as answer:
    answer.read_all()
before = peak()
with query("FROM frames", {str(run)!r}) as answer:
    rows = sum(batch.num_rows for batch in answer)
with query("SELECT track_id, avg(p_fear) FROM frames GROUP BY 1", {str(run)!r}) as answer:
    groups = answer.read_all().num_rows
print(json.dumps([rows, groups, peak() - before]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, groups, grown = json.loads(done.stdout)
    assert (rows, groups) == (60 * 65_536, 2)
    assert grown < 300
