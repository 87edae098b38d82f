"""`streamfer query` on the screen, as CSV and as JSON."""

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamfer.store.read import read
from tests.cli.conftest import Say
from tests.cli.terminal import begin
from tests.store.example_run import make_run

SOME = "SELECT video, track_id, p_fear, emotion FROM timelines"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "timelines.parquet")


def rename(run: Path, video: str) -> None:
    table = pq.read_table(run)
    names = pa.array([video] * table.num_rows)
    pq.write_table(table.set_column(0, table.field("video"), names), run)


def test_a_table_is_for_the_eyes(command: Say, run: Path):
    said = command("query", SOME, run)
    head, rule, *rows = said.stdout.splitlines()
    assert (said.code, said.stderr) == (0, "")
    assert head.split() == ["video", "track_id", "p_fear", "emotion"]
    assert set(rule.strip()) == {"─"}
    for found, row in zip(rows, read(run).to_pylist(), strict=True):
        cells = [row["video"], f"{row['track_id']}", f"{row['p_fear']:.6g}", row["emotion"]]
        assert found.split() == cells


def test_long_tables_are_shown_in_part_and_said_to_be(command: Say, run: Path):
    said = command("query", "SELECT n FROM range(5000) t(n)", run)
    assert [int(line) for line in said.stdout.splitlines()[2:]] == list(range(100))
    assert "the first 100 rows" in said.stderr
    whole = command("query", "SELECT n FROM range(5000) t(n)", run, "--format", "csv")
    assert [int(line) for line in whole.stdout.splitlines()[1:]] == list(range(5000))
    assert whole.stderr == ""


def test_csv_is_read_back_as_it_was(command: Say, run: Path):
    said = command("query", SOME, run, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    expected = read(run).select(["video", "track_id", "p_fear", "emotion"])
    assert pa.Table.from_pylist(
        [row | {"track_id": int(row["track_id"]), "p_fear": float(row["p_fear"])} for row in rows],
        expected.schema,
    ).equals(expected)
    empty = command("query", f"{SOME} WHERE false", run, "--format", "csv")
    assert empty.stdout == '"video","track_id","p_fear","emotion"\n'


def test_json_is_read_back_as_it_was(command: Say, run: Path):
    said = command("query", SOME, run, "--format", "json")
    expected = read(run).select(["video", "track_id", "p_fear", "emotion"])
    assert pa.Table.from_pylist(json.loads(said.stdout), expected.schema).equals(expected)
    assert len(said.stdout.splitlines()) == 8
    assert json.loads(command("query", f"{SOME} LIMIT 0", run, "--format", "json").stdout) == []
    odd = (
        "SELECT sum(faces) AS n, 'nan'::FLOAT AS x, DATE '2026-11-23' AS d, NULL AS z, 0.1::FLOAT f"
    )
    said = command("query", f"{odd} FROM timelines", run, "--format", "json")
    faces = sum(read(run)["faces"].to_pylist())
    assert json.loads(said.stdout) == [
        {"n": faces, "x": None, "d": "2026-11-23", "z": None, "f": 0.1}
    ]


def test_what_a_name_holds_does_not_move_the_screen_or_run_in_a_spreadsheet(
    command: Say, run: Path
):
    rename(run, "\x1b[2J\n=1+1")
    shown = command("query", "SELECT video FROM timelines LIMIT 1", run).stdout
    assert shown.splitlines()[2].strip() == r"\x1b[2J\n=1+1"
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
        rename(run, name)
        said = command("query", "SELECT video FROM timelines LIMIT 1", run, "--format", "csv")
        assert said.stdout == f'"video"\n"\'{name}"\n'
        said = command("query", "SELECT video FROM timelines LIMIT 1", run, "--format", "json")
        assert json.loads(said.stdout) == [{"video": name}]


def test_of_several_runs_rows_tell_whose_they_are(command: Say, tmp_path: Path, run: Path):
    make_run(tmp_path / "second.parquet", rows=2)
    sql = "SELECT run, count(*) AS n FROM timelines GROUP BY run ORDER BY n"
    expected = [
        {"run": str(tmp_path / "second.parquet"), "n": 2},
        {"run": str(run), "n": 6},
    ]
    for runs in ([run, tmp_path / "second.parquet"], [tmp_path / "*.parquet"]):
        said = command("query", sql, *runs, "--format", "json")
        assert json.loads(said.stdout) == expected


def test_a_wrong_query_is_a_sentence_and_exit_code_2(command: Say, run: Path):
    said = command("query", "SELECT emotio FROM timelines", run)
    assert (said.code, said.stdout) == (2, "")
    assert said.stderr.startswith('Error: Binder Error: Referenced column "emotio" not found')
    assert len(said.stderr.splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_error(run: Path):
    with begin("query", "FROM range(10000000)", run, "--format", "csv") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == '"range"\n'
        process.stdout.close()
        process.wait(60)
        assert process.stderr is not None
        assert process.stderr.read() == ""
