"""Rows of the paper's long smoothing and of the released averaging, on real video."""

from pathlib import Path

import pytest

import streamfer
from streamfer.config import PROFILES, Analysis
from tests.cli.terminal import portrait
from tests.conftest import Demo
from tests.media.making import an_hour_late
from tests.tables import assert_same_rows


@pytest.mark.parametrize("name", list(PROFILES))
def test_neither_segments_nor_a_shift_of_all_streams_change_a_row(
    demo: Demo, tmp_path: Path, name: str
):
    # The paper's 71 samples reach 7 s beyond a window: over whole segments of 5 s.
    whole = streamfer.analyse(demo.path, Analysis(**PROFILES[name]))

    late = an_hour_late(demo.path, tmp_path / "late.mkv")
    pieces = streamfer.analyse(late, Analysis(**PROFILES[name], segment_s=5))

    assert whole.num_rows > 0
    names = ["video", "video_id"]
    assert_same_rows(pieces.drop_columns(names), whole.drop_columns(names))


@pytest.mark.parametrize("name", list(PROFILES))
@pytest.mark.parametrize(("seconds", "faces"), [(0.8, 5), (0.04, 1)])
def test_a_video_shorter_than_the_window_has_one_row(
    tmp_path: Path, name: str, seconds: float, faces: int
):
    video = portrait(tmp_path / "short.mp4", seconds)

    (row,) = streamfer.analyse(video, Analysis(**PROFILES[name], min_track_s=0)).to_pylist()

    assert (row["window"], row["faces"], row["expected"]) == (0, faces, faces)
    assert (row["window_start_s"], row["window_end_s"]) == (0, 2)
    assert sum(row[f"p_{emotion}"] for emotion in streamfer.EMOTIONS) == pytest.approx(1, abs=1e-6)
