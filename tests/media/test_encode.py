from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from streamfer.media.encode import VideoWriter
from tests.media.making import number_of, numbered


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_pictures_come_back_at_their_times(tmp_path, suffix):
    times = [0, 40, 80, 133, 200, 1000, 1001, 2500]
    path = tmp_path / f"a.{suffix}"
    with VideoWriter(path, 160, 120, Fraction(1, 1000)) as writer:
        for number, time in enumerate(times):
            writer.put(numbered(number), time)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        assert container.streams.video[0].codec_context.name == "h264"
    assert [round(frame.time * 1000) for frame in frames] == times
    pictures = [frame.to_ndarray(format="rgb24") for frame in frames]
    assert [number_of(picture) for picture in pictures] == list(range(8))
    assert np.abs(pictures[0].astype(int) - numbered(0)).mean() < 8


def test_error_inside_is_not_hidden_and_the_file_is_closed(tmp_path):
    path = tmp_path / "a.mp4"

    def fail():
        with VideoWriter(path, 160, 120, Fraction(1, 25), {"tune": "zerolatency"}) as writer:
            writer.put(numbered(0), 0)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert path.exists()
    opened = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_file()]
    assert str(path) not in opened
