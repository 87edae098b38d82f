from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from tests.media.making import GROUPS, OPEN_GROUPS, make_video, number_of, numbered
from tests.media.reference import choose, decode_everything

CLIPS = [
    "face_recognition__short_hamilton_clip.mp4",
    "facenet__video.mp4",
    "fer__test.mp4",
    "fer__woman2.mp4",
    "liveportrait__d0.mp4",
    "liveportrait__d13.mp4",
    "liveportrait__d3.mp4",
    "liveportrait__d6.mp4",
    "liveportrait__d9.mp4",
    "liveportrait__s18.mp4",
    "pyfeat__WolfgangLanger_Pexels.mp4",
    "pyfeat__face_noface.mov",
    "pyfeat__no_face.mp4",
    "pyfeat__noface_face.mov",
    "pyfeat__single_face.mp4",
    "torchcodec__av1_video.mkv",
    "torchcodec__bt2020_10bit.mp4",
    "torchcodec__nasa_13013.mp4",
    "torchcodec__nasa_13013_rotated_v1.mp4",
    "torchcodec__nasa_13013_vfr.mp4",
    "torchcodec__test_non_zero_start_v1.mp4",
    "torchcodec__testsrc2_odd_width_444.mp4",
    "torchcodec__testsrc2_vp9.webm",
    "yunet__demo.mp4",
]
# One of each combination of codec and container that is read in its own way.
KINDS = {
    "h264.mp4": ("libx264", GROUPS),
    "h264.mkv": ("libx264", GROUPS),
    "h264.ts": ("libx264", GROUPS),
    "h264.flv": ("libx264", GROUPS),
    "open-groups.mp4": ("libx264", OPEN_GROUPS),
    "open-groups.ts": ("libx264", OPEN_GROUPS),
    "intra-refresh.ts": ("libx264", {"g": "30", "x264-params": "intra-refresh=1:bframes=0"}),
    "hevc.mp4": ("libx265", {"x265-params": "keyint=30:open-gop=1:log-level=none"}),
    "hevc.ts": ("libx265", {"x265-params": "keyint=30:open-gop=1:log-level=none"}),
    "hevc-layers.mp4": (
        "libx265",
        {"x265-params": "keyint=30:temporal-layers=3:bframes=4:log-level=none"},
    ),
    "mpeg2.ts": ("mpeg2video", GROUPS),
    "mpeg2.mpg": ("mpeg2video", GROUPS),
    "vp8.webm": ("libvpx", {"g": "30", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "vp9.webm": ("libvpx-vp9", {"g": "30", "lag-in-frames": "16", "cpu-used": "8"}),
    "wmv.asf": ("wmv2", {"g": "30"}),
}


def read(path, fps=5, first=0, last=None):
    """All samples of a range, and the reader after it."""
    reader = SampleReader(probe(str(path), Limits()), fps, first, last)
    return list(reader), reader


def same(samples, others):
    return len(samples) == len(others) and all(
        one.tick == other.tick
        and one.time_s == other.time_s
        and np.array_equal(one.picture, other.picture)
        for one, other in zip(samples, others, strict=True)
    )


def within(samples, first, last):
    return [sample for sample in samples if first <= sample.tick and (sample.tick < last)]


def check_against_everything(path):
    samples, reader = read(path)
    times, pictures = decode_everything(path)
    chosen = choose(times, 5)
    assert [sample.tick for sample in samples] == list(chosen)
    for sample in samples:
        index = chosen[sample.tick]
        assert sample.time_s == float(times[index])
        assert abs(sample.time_s - sample.tick / 5) <= 0.1 + 1e-9
        assert sample.picture.flags.c_contiguous
        assert np.array_equal(sample.picture, pictures[index])
    assert reader.ended
    assert reader.decode_errors == 0
    assert reader.decoded_until_s == pytest.approx(float(times[-1]), abs=0.25)
    return samples


@pytest.mark.parametrize("name", CLIPS)
def test_real_clip_gives_the_same_as_decoding_everything(clips, name):
    check_against_everything(clips / name)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """The synthetic videos, each made once."""
    folder = tmp_path_factory.mktemp("kinds")

    def get(name):
        path = folder / name
        return path if path.exists() else make_video(path, *KINDS[name])

    return get


@pytest.mark.parametrize("name", KINDS)
def test_kind_gives_the_same_as_decoding_everything(kinds, name):
    samples = check_against_everything(kinds(name))
    assert [number_of(sample.picture) for sample in samples] == [*range(0, 200, 5), 199]


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=8, deadline=None)
@given(first=st.integers(0, 41), length=st.integers(0, 12))
def test_range_gives_the_same_as_the_whole(kinds, name, first, length):
    whole, _ = read(kinds(name))
    part, reader = read(kinds(name), first=first, last=first + length)
    assert same(part, within(whole, first, first + length))
    assert reader.decode_errors == 0


def test_no_range_of_a_program_stream_begins_with_a_wrong_time(kinds):
    whole, _ = read(kinds("mpeg2.mpg"))
    for first in range(len(whole)):
        part, _ = read(kinds("mpeg2.mpg"), first=first, last=first + 2)
        assert same(part, within(whole, first, first + 2))


@pytest.mark.parametrize(
    "name", ["face_recognition__short_hamilton_clip.mp4", "pyfeat__face_noface.mov"]
)
@settings(max_examples=8, deadline=None)
@given(first=st.integers(0, 52), length=st.integers(0, 12))
def test_range_of_a_real_clip_gives_the_same_as_the_whole(clips, name, first, length):
    whole, _ = read(clips / name)
    part, _ = read(clips / name, first=first, last=first + length)
    assert same(part, within(whole, first, first + length))


def test_range_far_into_a_stream_without_an_index(tmp_path):
    path = make_video(tmp_path / "long.ts", options=GROUPS, times=range(1000))
    whole, _ = read(path)
    samples, reader = read(path, first=190, last=195)
    assert same(samples, within(whole, 190, 195))
    assert not reader.ended


def test_variable_frame_rate_and_gaps(tmp_path):
    times = [0, 90, 110, 290, 310, 1000, 1019, 1390, 1400, 1411, 2100]
    path = make_video(tmp_path / "v.mp4", times=times, time_base=Fraction(1, 1000))
    samples, _ = read(path)
    # 90 and 110 lie nearest to 0 and 200, 290 and 310 to 200 and 400, 2100 half-way.
    expected = [(0, 0), (1, 2), (2, 4), (5, 5), (7, 8), (10, 10)]
    assert [(sample.tick, number_of(sample.picture)) for sample in samples] == expected


def test_equally_near_frames_the_earlier_serves(tmp_path):
    # 12.5 Hz: 0.16 s and 0.24 s are equally near to 0.2 s.
    path = make_video(tmp_path / "t.mp4", times=range(26), time_base=Fraction(2, 25))
    assert [number_of(sample.picture) for sample in read(path)[0]][:5] == [0, 2, 5, 7, 10]


def test_two_frames_a_second_leave_ticks_without_frames(tmp_path):
    path = make_video(tmp_path / "slow.mp4", times=range(10), time_base=Fraction(1, 2))
    samples, reader = read(path)
    # 0.5 s lies half-way between two ticks and serves the earlier.
    assert [sample.tick for sample in samples] == [0, 2, 5, 7, 10, 12, 15, 17, 20, 22]
    assert reader.decoded_until_s == pytest.approx(5.0)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_start_moves_nothing(tmp_path, suffix):
    plain, _ = read(make_video(tmp_path / f"a.{suffix}", options=GROUPS, times=range(100)))
    start = 25 * 50_000 if suffix == "ts" else 25 * 7
    late = make_video(tmp_path / f"b.{suffix}", options=GROUPS, times=range(start, start + 100))
    assert probe(str(late), Limits()).start_s == pytest.approx(start / 25)
    assert same(read(late)[0], plain)


def test_sound_that_begins_first_is_the_zero(tmp_path):
    path = make_video(
        tmp_path / "s.mkv", times=range(50, 100), time_base=Fraction(1, 25), sound_from=0.0
    )
    samples, _ = read(path)
    # The encoder's priming lets the sound begin a little before 0.
    assert samples[0].tick == 10
    assert samples[0].time_s == pytest.approx(2.0, abs=0.15)
    assert number_of(samples[0].picture) == 0


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_video_comes_upright(tmp_path, rotation):
    path = tmp_path / "r.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        lying = np.rot90(numbered(0), -rotation // 90)
        stream.height, stream.width = lying.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(rotation)
        for number in range(30):
            lying = np.ascontiguousarray(np.rot90(numbered(number), -rotation // 90))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(lying, format="rgb24")))
        container.mux(stream.encode(None))
    info = probe(str(path), Limits())
    assert (info.width, info.height, info.rotation) == (160, 120, rotation)
    samples, _ = read(path)
    assert [number_of(sample.picture) for sample in samples][:6] == [0, 5, 10, 15, 20, 25]
    assert samples[0].picture.shape == (120, 160, 3)


def test_pixels_that_are_not_square(tmp_path):
    def widen(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    path = make_video(tmp_path / "wide.mp4", times=range(20), adjust=widen)
    info = probe(str(path), Limits())
    assert (info.width, info.height) == (213, 120)
    assert all(sample.picture.shape == (120, 213, 3) for sample in read(path)[0])


def test_size_that_changes_in_mid_stream(tmp_path):
    small = make_video(tmp_path / "a.h264", options=GROUPS, times=range(50))
    large = make_video(tmp_path / "b.h264", options=GROUPS, times=range(50), size=(320, 240))
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    samples, reader = read(both)
    shapes = [sample.picture.shape for sample in samples]
    assert shapes[:10] == [(120, 160, 3)] * 10
    assert shapes[10:] == [(240, 320, 3)] * 11
    numbers = [number_of(sample.picture) for sample in samples]
    assert numbers == [*range(0, 50, 5), *range(0, 50, 5), 49]
    assert reader.decode_errors == 0


def test_interlaced_frames_show_one_field(tmp_path):
    """Fields of two different pictures, woven: every line must come from the first."""
    path = tmp_path / "fields.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=25, options={"x264-params": "tff=1", "qp": "1"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv444p"
        for number in range(0, 100, 2):
            woven = numbered(number)
            woven[1::2] = 255 - woven[1::2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(woven, format="rgb24")))
        container.mux(stream.encode(None))
    samples, _ = read(path)
    assert len(samples) == 11
    for sample in samples:
        wanted = numbered(number_of(sample.picture)).astype(int)
        assert number_of(sample.picture) == min(10 * sample.tick, 98)
        # The bars do not change from line to line.
        assert np.abs(sample.picture[2:50].astype(int) - wanted[2:50]).mean() < 6


def test_bare_stream_without_timestamps(tmp_path):
    path = make_video(tmp_path / "bare.h264", options=GROUPS, times=range(100))
    info = probe(str(path), Limits())
    assert not info.declared
    assert info.duration_s == pytest.approx(4.0, abs=0.1)
    assert [number_of(sample.picture) for sample in read(path)[0]] == [*range(0, 100, 5), 99]
    assert same(read(path, first=7, last=12)[0], within(read(path)[0], 7, 12))


@pytest.mark.parametrize(("codec", "delay"), [("libx264", 2), ("mpeg4", 1)])
def test_avi_has_no_pts_and_is_shown_in_order_of_decoding(tmp_path, codec, delay):
    path = make_video(tmp_path / "b.avi", codec, GROUPS)
    samples, _ = read(path)
    numbers = [number_of(sample.picture) for sample in samples]
    assert numbers == [0, *(5 * tick - delay for tick in range(1, len(samples)))]
    assert same(read(path, first=17, last=23)[0], within(samples, 17, 23))


def test_edit_list_that_cuts_the_beginning(tmp_path):
    """The edit starts 1 s into the media: what is before is decoded but not shown."""
    path = make_video(tmp_path / "e.mp4", options={"g": "100", "bf": "0"}, times=range(100))
    data = bytearray(path.read_bytes())
    edit = data.index(b"elst") + 12  # the one edit's length, in ms, and start in the media
    assert data[edit : edit + 8] == (4000).to_bytes(4, "big") + bytes(4)
    data[edit : edit + 8] = (3000).to_bytes(4, "big") + (25 * 512).to_bytes(4, "big")
    path.write_bytes(data)
    samples, reader = read(path)
    assert [number_of(sample.picture) for sample in samples][:5] == [25, 30, 35, 40, 45]
    assert reader.decoded_until_s == pytest.approx(3.0)
    assert probe(str(path), Limits()).duration_s == pytest.approx(3.0)
    assert same(read(path, first=5, last=9)[0], within(samples, 5, 9))


def test_one_frame(tmp_path):
    samples, reader = read(make_video(tmp_path / "one.mp4", times=[0]))
    assert [(sample.tick, sample.time_s) for sample in samples] == [(0, 0.0)]
    assert reader.ended


def test_range_behind_the_end_is_empty(tmp_path):
    path = make_video(tmp_path / "short.mp4", times=range(50))
    samples, reader = read(path, first=500, last=510)
    assert samples == []
    assert reader.ended


def test_file_is_closed_when_iteration_stops_early(tmp_path):
    path = make_video(tmp_path / "c.mp4", times=range(50))

    def opened():
        return [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_file()]

    samples = iter(SampleReader(probe(str(path), Limits()), 5))
    next(samples)
    assert str(path) in opened()
    samples.close()
    assert str(path) not in opened()
