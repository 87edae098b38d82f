"""When the pictures are shown that corpora count."""

from fractions import Fraction
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.errors import InputError
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from tests.media.making import GROUPS, OPEN_GROUPS, make_video, number_of
from trainers.corpora.samples import Pictures, Seconds
from trainers.temporal.paper.spans import interval, picture_times

VARIED = [10, 13, 14, 18, 30, 31, 32, 33, 60, 61, 75, 76, 77, 78, 79, 80]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("v.mp4", "libx264", GROUPS),
        ("v.mp4", "libx264", OPEN_GROUPS),
        ("v.mkv", "libx264", GROUPS),
        ("v.avi", "mpeg4", {}),
    ],
)
def test_a_pictures_number_is_that_of_its_turn(tmp_path: Path, name, codec, options) -> None:
    video = make_video(tmp_path / name, codec, options, times=range(60))
    times = picture_times(video)
    assert len(times) == 60
    for sample in SampleReader(probe(str(video), Limits()), fps=25):
        assert times[number_of(sample.picture)] == sample.time_s


def test_pictures_that_come_unevenly_and_after_the_sound_have_their_own_times(
    tmp_path: Path,
) -> None:
    video = make_video(tmp_path / "v.mkv", times=VARIED, time_base=Fraction(1, 25), sound_from=0)
    times = picture_times(video)
    assert times.tolist() == pytest.approx([time / 25 for time in VARIED], abs=0.001)
    assert interval(Seconds(0.5, 1.0), times) == pytest.approx((0.9, 1.4), abs=0.001)
    assert interval(Pictures(4, 8), times) == pytest.approx((30 / 25, 60 / 25), abs=0.001)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"no video at all")
    with pytest.raises(InputError, match="not a video"):
        picture_times(tmp_path / "v.mp4")


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=30, unique=True).map(sorted),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_an_interval_holds_the_pictures_that_are_counted(listed, one, other) -> None:
    times = np.array(listed)
    first, end = sorted((one, other))
    within = interval(Pictures(first, end), times)
    if first >= len(times):
        assert within is None
    else:
        start, stop = within
        inside = np.flatnonzero((start <= times) & (times < stop))
        assert inside.tolist() == list(range(first, min(end, len(times))))


def test_a_span_behind_the_end_and_no_span_at_all() -> None:
    times = np.array([0.5, 1.0, 1.5])
    assert interval(Seconds(1.2, 3), times) is None
    assert interval(Seconds(1.0, 3), times) == (1.5, 3.5)
    assert interval(None, times) == (-inf, inf)
