"""Corpora of real video and pictures, measured."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from streamfer.media.limits import Limits
from tests.media.making import make_video
from trainers.analysis.overview import look
from trainers.corpora.samples import Clip, Omission, Pictures, Reading, Seconds, Still


@pytest.fixture
def videos(tmp_path):
    return [
        make_video(tmp_path / "a.mp4", times=range(50)),  # 2 s at 25
        make_video(tmp_path / "b.mp4", times=range(60), time_base=Fraction(1, 30), size=(320, 240)),
    ]


def test_clips_are_measured_by_what_they_cover(videos, tmp_path):
    first, second = videos
    clips = (
        Clip("x", "1", first, 0, "p"),
        Clip("x", "2", second, 1, "q", span=Seconds(0.25, 1.0)),
        Clip("x", "3", second, 1, "q", span=Pictures(0, 15)),
        Clip("x", "4", tmp_path / "gone.mp4", 2, "r"),
    )
    found = look(Reading("x", clips, (Omission("odd", "5"),)), Limits())
    assert (found.expressions, found.participants, found.samples, found.left_out) == (3, 3, 4, 1)
    assert found.seconds == pytest.approx(2 + 0.75 + 0.5)
    assert found.fps == (25, 30)
    assert found.sizes == ((160, 120), (320, 240))
    assert found.unreadable == 1


def test_stills_have_sizes_only(tmp_path):
    stills = []
    for i, shape in enumerate([(48, 48), (30, 60)]):
        path = tmp_path / f"{i}.png"
        cv2.imwrite(str(path), np.zeros(shape, np.uint8))
        stills.append(Still("x", f"{i}", path, "", i))
    (tmp_path / "2.png").write_bytes(b"no picture")
    stills.append(Still("x", "2", tmp_path / "2.png", "", 0))
    found = look(Reading("x", tuple(stills)), Limits())
    assert found.participants is found.seconds is found.fps is None
    assert found.sizes == ((60, 30), (48, 48))
    assert found.unreadable == 1


def test_a_corpus_of_which_nothing_was_taken():
    found = look(Reading[Clip]("x", ()), Limits())
    assert (found.samples, found.sizes, found.seconds) == (0, None, None)
