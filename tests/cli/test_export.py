"""`streamfer export`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Say
from tests.store.example_run import VIDEO, make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "timelines.parquet")


def test_files_are_written_and_counted(command: Say, run: Path, tmp_path: Path):
    said = command("export", run, "--format", "csv", "--out", tmp_path / "out")
    assert (said.code, said.stdout) == (0, "")
    assert said.stderr == f"6 files in {tmp_path / 'out'}.\n"
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_a_format_that_is_not_known_is_a_wrong_argument(command: Say, run: Path, tmp_path: Path):
    said = command("export", run, "--format", "srt", "--out", tmp_path / "out")
    assert said.code == 2
    assert "textgrid" in said.stderr


def test_what_the_format_is_made_of_must_be_there(command: Say, tmp_path: Path):
    run = make_run(tmp_path / "b.parquet", ["timelines", "videos", "episodes"])
    said = command("export", run, "--format", "openface", "--out", tmp_path / "out")
    assert said.code == 2
    assert (
        said.stderr == f"Error: {run} has no table of frames: `streamfer run --frames` writes it.\n"
    )


def test_it_is_one_run_that_is_exported(command: Say, run: Path, tmp_path: Path):
    make_run(tmp_path / "second.parquet")
    said = command("export", tmp_path / "*.parquet", "--format", "csv", "--out", tmp_path / "out")
    assert said.code == 2
    assert "one run" in said.stderr


def test_the_command_of_the_page_works(command: Say, run: Path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
    monkeypatch.chdir(run.parent)
    words = page.split("```\nstreamfer ")[1].split("\n")[0].split()
    assert command(*words).code == 0
    assert (run.parent / "annotations" / f"{VIDEO}.eaf").exists()
