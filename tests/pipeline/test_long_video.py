"""Long videos: in segments and in one piece, and an hour beside ten minutes.

Minutes long, so run with `pytest -m slow`. Ten hours are in benchmarks/long_video.json.
"""

from pathlib import Path

import numpy as np
import pytest

import streamfer
from benchmarks import long_video
from benchmarks.looping import loop
from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from tests.cli.terminal import portrait
from tests.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PROBABILITIES = [f"p_{emotion}" for emotion in EMOTIONS]


def assert_cut_or_whole(video: Path) -> None:
    key = ["track_id", "window"]
    cut = streamfer.analyse(video, Analysis(segment_s=20)).to_pandas().set_index(key)
    whole = streamfer.analyse(video, Analysis(segment_s=3600)).to_pandas().set_index(key)
    assert cut.index.equals(whole.index)
    apart = np.abs(cut[PROBABILITIES] - whole[PROBABILITIES]).max(axis=1)
    assert (apart < 1e-4).mean() >= 0.995


def test_the_demo_over_and_over(demo: Demo, tmp_path: Path):
    assert_cut_or_whole(loop(demo.path, tmp_path / "long.mp4", 180))


@pytest.mark.parametrize(
    "name", ["facenet__video.mp4", "face_recognition__short_hamilton_clip.mp4"]
)
def test_real_clips_over_and_over(clips: Path, tmp_path: Path, name: str):
    assert_cut_or_whole(loop(clips / name, tmp_path / "long.mp4", 180))


def test_one_woman_for_three_minutes(clips: Path, tmp_path: Path):
    video = loop(clips / "pyfeat__WolfgangLanger_Pexels.mp4", tmp_path / "long.mp4", 180)
    assert_cut_or_whole(video)
    # The clip's end meets its beginning in a jump, which may or may not be a cut.
    assert streamfer.analyse(video)["track_id"].to_numpy().max() < 180 / 19


def test_an_hour_takes_no_more_memory_than_ten_minutes(tmp_path: Path):
    ten, sixty = long_video.compare(portrait(tmp_path / "one.mp4", 4), 4, (10, 60), workers=2)
    assert ten["status"] == sixty["status"] == "done"
    assert ten["tracks"] == sixty["tracks"] == 1
    # A window begins at each second, and a sample lies at each fifth of one.
    assert sixty["rows"] == pytest.approx(60 * 60, abs=10)
    assert sixty["sampled"] == pytest.approx(5 * 60 * 60, abs=50)
    assert sixty["peak_memory_mib"] < 1.1 * ten["peak_memory_mib"]
