"""Looking after what a run leaves behind."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from streamfer.store.output import OutputTables
from streamfer.store.work import WorkFolder
from tests.cli.conftest import Say


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output without rows."""
    path = tmp_path / "timelines.parquet"
    with OutputTables(path, {}, ["timelines", "videos"]):
        pass
    return path


def test_a_valid_table_is_said_to_be(command: Say, out: Path):
    said = command("validate", out)
    assert (said.code, said.stdout) == (0, f"{out} is valid.\n")
    assert command("validate", out.with_name("timelines.videos.parquet")).code == 0


def test_what_is_wrong_with_a_table_is_said(command: Say, out: Path):
    pq.write_table(pq.read_table(out).drop_columns(["emotion"]), out)
    said = command("validate", out)
    assert said.code == 1
    assert "emotion" in said.stdout
    out.write_bytes(out.read_bytes()[:-9])
    said = command("validate", out)
    assert said.code == 1
    assert said.stdout.startswith(f"{out} cannot be read as Parquet: ")
    assert len(said.stdout.splitlines()) == 1


def test_a_table_that_is_not_there_is_a_wrong_argument(command: Say, tmp_path: Path):
    said = command("validate", tmp_path / "nowhere.parquet")
    assert said.code == 2
    assert "does not exist" in " ".join(said.stderr.split())


def test_a_folder_without_tables_is_not_valid(command: Say, tmp_path: Path):
    said = command("validate", tmp_path)
    assert (said.code, said.stdout) == (1, f"{tmp_path} is a folder without tables.\n")


def test_clean_removes_the_work_and_keeps_the_tables(command: Say, out: Path):
    with WorkFolder(out).open("f00d") as work:
        work.commit("a1", 0, b"")
        refused = command("clean", out)
        assert refused.code == 2
        assert "in use by another run" in refused.stderr
        assert (work.path / "f00d" / "a1" / "0.arrow").exists()
    before = out.read_bytes()
    removed = command("clean", out)
    assert (removed.code, removed.stdout) == (0, f"Removed {work.path}.\n")
    assert not work.path.exists()
    assert out.read_bytes() == before
    again = command("clean", out)
    assert (again.code, again.stdout) == (0, f"There is no {work.path}.\n")
