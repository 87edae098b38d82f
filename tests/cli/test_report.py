"""`streamfer report` at the command line."""

import re
from pathlib import Path

import pytest

from streamfer.media.identity import content_id
from tests.cli.conftest import Say
from tests.cli.terminal import portrait
from tests.report.runs import Made, write_run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return write_run(tmp_path / "t.parquet", [Made("a.mp4"), Made("b.mp4", 0, (), "failed", "?")])


def test_a_run_becomes_a_page(command: Say, out: Path, tmp_path: Path):
    page = tmp_path / "new" / "report.html"
    said = command("report", out, "--out", page)
    assert said.code == 0
    size = page.stat().st_size / 1e6
    assert said.stderr == f"Report: {page} ({size:.1f} MB)\n"
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "data:image" not in html.split('<script type="application/json" id="part-0">')[1][:5000]
    assert not re.search(r'<(script|img|link|iframe)[^>]* (src|href)="', html)


def test_another_name_than_html_is_refused_before_anything_is_lost(command: Say, out: Path):
    before = out.read_bytes()
    said = command("report", out, "--out", out)
    assert (said.code, said.stderr) == (2, f"Error: The report {out} must end in .html.\n")
    assert out.read_bytes() == before


def test_what_is_missing_beside_the_timelines_is_said(command: Say, out: Path, tmp_path: Path):
    out.with_name("t.videos.parquet").unlink()
    said = command("report", out, "--out", tmp_path / "report.html")
    assert said.code == 0
    assert said.stderr.startswith("Warning: There is no t.videos.parquet beside the timelines.")


def test_a_wrong_table_is_a_sentence(command: Say, out: Path, tmp_path: Path):
    said = command("report", out.with_name("t.videos.parquet"), "--out", tmp_path / "report.html")
    assert said.code == 2
    assert "holds the table videos; the report is made from the timelines." in said.stderr
    assert not (tmp_path / "report.html").exists()


def test_faces_are_asked_for_and_come_from_the_right_video(command: Say, tmp_path: Path):
    videos = tmp_path / "videos"
    videos.mkdir()
    found = content_id(str(portrait(videos / "woman.mp4", 2)))
    made = [Made("woman.mp4", 2, ((0, 1),), video_id=found), Made("other.mp4", 2, ((0, 1),))]
    out = write_run(tmp_path / "t.parquet", made)
    page = tmp_path / "report.html"
    said = command("report", out, "--out", page, "--faces", videos)
    assert said.code == 0
    missing = f"Warning: other.mp4: No pictures: the video that was analysed is not in {videos}."
    assert said.stderr.splitlines()[0] == missing
    parts = re.findall(r'id="part-\d+">(.*)</script>', page.read_text(encoding="utf-8"))
    assert ['"face":null' in part for part in parts] == [True, False]
