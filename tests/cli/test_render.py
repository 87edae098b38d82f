"""`streamfer render`."""

from pathlib import Path

import av
import pytest

from streamfer.config import Analysis
from streamfer.store.output import OutputTables
from tests.cli.conftest import Say
from tests.cli.terminal import portrait
from tests.tables import all_tables


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("render")
    found = all_tables(portrait(folder / "a.mp4", 2), Analysis(frames=True))
    settings = {"streamfer.settings": '{"fps": 5, "min_score": 0.5, "min_track_s": 0.6}'}
    names = ("timelines", "videos", "frames")
    with OutputTables(folder / "timelines.parquet", settings, names) as tables:
        tables.write("a.mp4", {name: [found[name]] for name in names})
    return folder


def test_a_video_is_marked_or_hidden(command: Say, folder: Path, tmp_path: Path):
    for flags, said in (
        ([], "marked: 1"),
        (["--blur"], "NOT hidden"),
        (["--blur", "--no-marks"], "NOT hidden"),
    ):
        out = tmp_path / f"{len(flags)}.mp4"
        done = command(
            "render", folder / "a.mp4", folder / "timelines.parquet", "--out", out, *flags
        )
        assert (done.code, done.stdout) == (0, "")
        assert said in done.stderr
        assert done.stderr.endswith(f"Video: {out}\n")
        with av.open(str(out)) as container:
            assert sum(1 for _ in container.decode(video=0)) == 50


def test_what_cannot_be_done_is_said(command: Say, folder: Path, tmp_path: Path):
    timelines = folder / "timelines.parquet"
    for arguments, said in (
        ([timelines, timelines, "--out", tmp_path / "x.mp4"], "is not a video that"),
        ([folder / "a.mp4", tmp_path / "y.parquet", "--out", tmp_path / "x.mp4"], "There is no"),
        ([folder / "a.mp4", timelines, "--out", folder / "a.mp4"], "is there already"),
        ([folder / "a.mp4", timelines, "--no-marks", "--out", tmp_path / "x.mp4"], "nothing would"),
    ):
        done = command("render", *arguments)
        assert (done.code, done.stdout) == (2, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_commands_of_the_page_work(command: Say, folder: Path, tmp_path: Path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "render.md").read_text(encoding="utf-8")
    for file in folder.iterdir():
        (tmp_path / file.name.replace("a.mp4", "interview.mp4")).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    analyse, *commands = page.split("```\n")[1].splitlines()
    assert analyse == "streamfer run interview.mp4 --frames --out timelines.parquet"
    for line in commands:
        assert command(*line.split()[1:]).code == 0
    assert {path.name for path in tmp_path.glob("*.mp4")} == {
        "interview.mp4",
        "marked.mp4",
        "hidden.mp4",
    }
