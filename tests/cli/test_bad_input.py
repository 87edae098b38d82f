"""One run over a folder that holds everything that people's folders hold."""

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from streamfer.store.validate import validate
from tests.cli.bad_folder import NAMES, NOT_UTF8, make_bad_folder
from tests.cli.conftest import Say
from tests.cli.terminal import streamfer

BAD = {
    "text.mp4": "This is not a video: FFmpeg recognises no container in it.",
    "empty.mp4": "The file is empty.",
    "picture.mp4": "This is a still picture, not a video.",
    "sound.mp4": "This file has sound but no moving picture.",
    "album.mp4": "This file has sound but no moving picture.",
    "cut, index last.mp4": "Fetch it again in full, or repair it.",
    "giant.avi": "more than the limit of 35389440 pixels.",
    "forbidden.mp4": "You may not read this file: check its permissions.",
}
CUT = ("cut, index first.mp4", "cut.mkv")


class Outcome:
    """A run's output and what it said."""

    def __init__(self, out: Path, missing: str, process: subprocess.CompletedProcess[str]) -> None:
        self.out = out
        self.missing = missing
        self.process = process
        self.summary = json.loads(process.stdout)
        ledger = pq.read_table(out.with_name("timelines.videos.parquet")).to_pylist()
        self.ledger = {row["video"]: row for row in ledger}
        self.rows = pq.read_table(out).to_pylist()

    def windows(self, video: str) -> list[tuple[int, int]]:
        return [(row["window"], row["faces"]) for row in self.rows if row["video"] == video]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("bad") / "videos"
    make_bad_folder(folder)
    out = folder.with_name("timelines.parquet")
    # One is named once more, and with bytes that are no UTF-8.
    missing = folder / "missing.mp4"
    inputs = (folder, folder / NOT_UTF8, missing)
    arguments = ("run", *inputs, "--out", out, "--workers", "2", "--json")
    return Outcome(out, str(missing), streamfer(*arguments, reads_all=False))


def test_the_exit_code_says_that_some_failed_and_the_tables_are_valid(outcome: Outcome):
    assert outcome.process.returncode == 3
    assert validate(outcome.out) == []
    assert validate(outcome.out.with_name("timelines.videos.parquet")) == []


def test_good_videos_are_done_whatever_lies_beside_them(outcome: Outcome):
    for video in ("good.mp4", "other/good.mp4"):
        row = outcome.ledger[video]
        assert (row["status"], row["reason"], row["tracks"]) == ("done", "", 1)
        assert outcome.windows(video) == [(0, 10), (1, 10), (2, 6), (3, 1)]
    # Of the same name, but not the same.
    assert outcome.ledger["good.mp4"]["video_id"] != outcome.ledger["other/good.mp4"]["video_id"]


def test_strange_names_are_names(outcome: Outcome):
    for video in (*NAMES, "caf%E9.mp4"):
        assert outcome.ledger[video]["status"] == "done", video
        assert outcome.windows(video) == outcome.windows("good.mp4")


def test_a_file_that_cannot_be_used_has_a_reason(outcome: Outcome):
    for video, words in BAD.items():
        row = outcome.ledger[video]
        assert row["status"] == "failed", video
        assert words in row["reason"]
        assert outcome.windows(video) == []


def test_what_came_before_a_cut_is_kept(outcome: Outcome):
    for video in CUT:
        row = outcome.ledger[video]
        assert row["status"] == "partial", video
        assert "It ends at 2.0 s although its header says 4.0 s" in row["reason"]
        assert row["decoded_until_s"] == pytest.approx(2.0, abs=0.1)
        assert row["duration_s"] == pytest.approx(4.0, abs=0.1)
        assert outcome.windows(video)[0] == (0, 10)


def test_damage_in_the_middle_is_told_and_passed_over(outcome: Outcome):
    row = outcome.ledger["flipped.mp4"]
    assert row["status"] == "partial"
    assert "damaged pieces were skipped" in row["reason"]
    assert row["decoded_until_s"] == pytest.approx(4.0, abs=0.2)
    assert outcome.windows("flipped.mp4")


def test_a_video_of_one_frame_is_a_video(outcome: Outcome):
    row = outcome.ledger["one frame.mp4"]
    assert (row["status"], row["sampled_frames"], row["tracks"]) == ("done", 1, 0)


def test_every_file_is_in_the_ledger_once_and_the_rest_is_counted(outcome: Outcome):
    """Neither the link, nor the loop of folders, nor naming it again doubles a file."""
    expected = {*BAD, *CUT, *NAMES, "good.mp4", "other/good.mp4", "caf%E9.mp4", "flipped.mp4"}
    expected |= {"one frame.mp4", outcome.missing}
    assert outcome.ledger.keys() == expected
    assert outcome.summary["others"] == 2
    counts = {name: outcome.summary[name] for name in ("done", "partial", "failed")}
    assert counts == {"done": 9, "partial": 3, "failed": len(BAD) + 1}
    assert outcome.summary["rows"] == len(outcome.rows)
    bad = {*BAD, *CUT, "flipped.mp4", outcome.missing}
    assert {video for video, _, _ in outcome.summary["problems"]} == bad


def test_the_screen_shows_what_went_wrong_and_nothing_else(outcome: Outcome):
    """The models, a line for each bad file, and three for the sum; no warnings of libraries."""
    models, *lines = outcome.process.stderr.splitlines()
    assert models.startswith("Models: ")
    assert len(lines) == len(BAD) + len(CUT) + 2 + 3
    assert "failed text.mp4: This is not a video: FFmpeg recognises no container in it." in lines
    assert lines[-3].startswith("9 done, 3 partial, 9 failed, 2 other files ignored; ")


def test_a_missing_input_does_not_stop_the_others(outcome: Outcome):
    row = outcome.ledger[outcome.missing]
    assert (row["status"], row["reason"]) == ("failed", "There is no such file or folder.")


def test_names_are_shown_on_one_line_and_as_they_are(command: Say, tmp_path: Path):
    for name in (*NAMES, NOT_UTF8, ":cat: \N{NO-BREAK SPACE}.mp4"):
        (tmp_path / name).write_text("Not a video.")
    shown = [
        ":cat: \\xa0.mp4",
        "[bold]loud[red].mp4",
        "bell\\x07\\x1b[31m.mp4",
        "caf%E9.mp4",
        'it\'s a "clip".mp4',
        "two\\nlines.mp4",
        "красный 映.mp4",
    ]
    arguments = ("run", tmp_path, "--out", tmp_path / "out" / "t.parquet")
    listing = command(*arguments, "--dry-run").stdout.splitlines()
    assert [line.split("\t")[0] for line in listing] == shown
    said = command(*arguments)
    assert said.code == 3
    lines = [line.partition(": This is not")[0] for line in said.stderr.splitlines()]
    assert sorted(lines[1:-3]) == sorted([f"failed {name}" for name in shown])
