"""No file takes more of the machine than it may, whatever its header says."""

import dataclasses
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.errors import InputError
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits, Meter
from streamfer.media.probe import MediaInfo, probe
from streamfer.pipeline.plan import plan_video
from tests.media.making import GROUPS, make_video

TICKS = 90_000


def tiny(path: Path, times: list[int]) -> Path:
    """One pixel at times counted in 1 / 90,000 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=TICKS)
        stream.width, stream.height, stream.pix_fmt = 1, 1, "gray"
        stream.codec_context.time_base = Fraction(1, TICKS)
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.full((1, 1), 99, np.uint8), "gray")
            frame.pts, frame.time_base = time, Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def burst(path: Path) -> Path:
    """25 pictures a second for 20 s, and then 3,000 in a thirtieth of a second."""
    slow = [number * TICKS // 25 for number in range(500)]
    return tiny(path, [*slow, *range(20 * TICKS, 20 * TICKS + 3000)])


def decode(info: MediaInfo, **limits: float) -> None:
    for _ in SampleReader(dataclasses.replace(info, limits=Limits(**limits)), 5):
        pass


def test_ninety_thousand_pictures_a_second_are_refused(tmp_path: Path):
    path = tiny(tmp_path / "a.mov", list(range(4000)))
    with pytest.raises(InputError, match=r"90000 pictures a second; .* raise max_fps in the"):
        probe(str(path), Limits())
    info = probe(str(path), Limits(max_fps=100_000))
    assert (info.width, info.height, info.frame_rate) == (1, 1, TICKS)
    decode(info, max_fps=100_000)


def test_what_the_header_does_not_tell_is_stopped_on_the_way(tmp_path: Path):
    info = probe(str(burst(tmp_path / "a.mov")), Limits())
    assert info.frame_rate < 200
    with pytest.raises(InputError, match=r"more pictures a second than it may; the limit is 1000"):
        decode(info)
    decode(info, max_fps=100_000)


def test_only_the_segments_that_hold_it_fail(tmp_path: Path):
    path = str(burst(tmp_path / "a.mov"))
    video = plan_video("a.mp4", path, Analysis(segment_s=5), 0.0, Limits())
    failed = []
    for part in video.segments:
        try:
            list(SampleReader(part.info, 5, part.read_from, part.read_until))
        except InputError:
            failed.append(part.index)
    assert len(video.segments) == 4
    assert failed == [3]


def test_a_header_that_claims_ten_thousand_hours_is_not_planned_for(tmp_path: Path):
    path = make_video(tmp_path / "a.mp4", options=GROUPS)
    data = bytearray(path.read_bytes())
    for box in (b"mvhd", b"mdhd"):  # units a second, and how many of them it lasts
        struct.pack_into(">II", data, data.index(box) + 16, 25, 25 * 3600 * 10_000)
    path.write_bytes(data)
    video = plan_video("a.mp4", str(path), Analysis(segment_s=5), 0.0, Limits())
    assert len(video.segments) < 20


def test_a_video_that_lasts_for_days_is_refused(tmp_path: Path):
    path = str(tiny(tmp_path / "a.mov", [hour * 3600 * TICKS for hour in range(60)]))
    with pytest.raises(InputError, match=r"lasts 59\.\d hours; the limit is 48 hours"):
        probe(path, Limits())
    assert probe(path, Limits(max_duration_s=60 * 3600)).duration_s >= 59 * 3600


def test_a_stream_that_goes_on_and_on_is_stopped(tmp_path: Path):
    info = probe(str(make_video(tmp_path / "a.mkv", options=GROUPS)), Limits())
    decode(info, max_duration_s=9)
    with pytest.raises(InputError, match="max_duration_s"):
        decode(info, max_duration_s=5)


def test_pictures_that_take_too_long_are_stopped(tmp_path: Path):
    info = probe(str(make_video(tmp_path / "a.mkv", size=(640, 480))), Limits())
    decode(info)
    with pytest.raises(InputError, match=r"takes too long; the limit is 0\.0001 s .* max_decode_r"):
        decode(info, max_decode_ratio=1e-4)


def fed(limits: Limits, times: list[float]) -> int:
    """How many packets at these times are let through."""
    meter = Meter(limits)
    for number, time_s in enumerate(times):
        try:
            meter.packet(time_s)
        except InputError:
            return number
    return len(times)


@given(st.integers(1, 1000), st.floats(-1e5, 1e5), st.integers(0, 50))
def test_up_to_the_limit_nothing_is_stopped(rate: int, start_s: float, hole_s: int):
    times = [start_s + number / rate for number in range(2 * rate)]
    later = [time_s + hole_s for time_s in times]
    back = times  # what was spliced begins anew
    assert fed(Limits(), [*times, *later, *back]) == 6 * rate


@given(st.integers(1500, 10**6), st.floats(0, 1e6))
def test_above_it_a_second_s_worth_is_let_through_even_behind_a_leap(rate: int, leap_s: float):
    times = [0.0, *(leap_s + number / rate for number in range(4000))]
    assert 999 <= fed(Limits(), times) < 3010
