"""What seeking costs, and where a video ends: found out from its packets."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe
from streamfer.media.sampling import believable_frames
from tests.media.making import claim_length, make_video, number_of

SECONDS = 40
# Suffix, codec, and what it takes to have a keyframe at every 50th picture, that is 2 s, or one.
KINDS = {
    "mp4": ("libx264", {"g": "50"}, {"g": "9999"}),
    "mkv": ("libx264", {"g": "50"}, {"g": "9999"}),
    "ts": ("libx264", {"g": "50"}, {"g": "9999"}),
    "flv": ("libx264", {"g": "50"}, {"g": "9999"}),
    "avi": ("mjpeg", {}, None),
}


def made(path: Path, codec: str, options: dict[str, str], **more: dict[str, str]) -> MediaInfo:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    times = range(25 * SECONDS)
    make_video(path, codec, options, times=times, size=(80, 64), pix_fmt=pix_fmt, **more)
    return probe(str(path), Limits())


def seconds_decoded(info: MediaInfo, first_s: int) -> float:
    """From where reading begins to where it ends, for a second in the midst of a video."""
    reached: list[float] = []
    samples = list(SampleReader(info, 5, 5 * first_s, 5 * first_s + 5, reached.append))
    assert [sample.tick for sample in samples] == list(range(5 * first_s, 5 * first_s + 5))
    assert number_of(samples[0].picture) == 25 * first_s
    return reached[-1] - reached[0]


@pytest.mark.parametrize("suffix", KINDS)
def test_with_many_keyframes_seeking_is_cheap(tmp_path, suffix):
    codec, many, _ = KINDS[suffix]
    info = made(tmp_path / f"many.{suffix}", codec, many)
    # A transport stream may have to be entered one keyframe earlier, and FLV finds every fifth.
    assert info.run_up_s <= {"ts": 4, "flv": 10, "avi": 0.04}.get(suffix, 2)
    assert seconds_decoded(info, 27) <= info.run_up_s + 2


@pytest.mark.parametrize("suffix", [suffix for suffix in KINDS if KINDS[suffix][2]])
def test_with_one_keyframe_all_has_to_be_decoded(tmp_path, suffix):
    codec, _, one = KINDS[suffix]
    info = made(tmp_path / f"one.{suffix}", codec, one)
    assert info.run_up_s == info.end_s == pytest.approx(SECONDS, abs=0.1)
    assert seconds_decoded(info, 27) == pytest.approx(28, abs=1)


def test_where_there_is_no_index_the_container_decides(tmp_path):
    live = made(tmp_path / "live.mkv", *KINDS["mkv"][:2], container_options={"live": "1"})
    assert not live.declared
    # FFmpeg reads through the clusters, which is cheap.
    assert live.run_up_s <= 2
    whole = made(tmp_path / "a.avi", *KINDS["avi"][:2])
    data = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "b.avi").write_bytes(data[: data.rindex(b"idx1")])
    bare = probe(str(tmp_path / "b.avi"), Limits())
    assert whole.run_up_s <= 0.04
    assert bare.run_up_s == bare.end_s
    stream = made(tmp_path / "a.h264", *KINDS["mp4"][:2])
    assert stream.run_up_s == stream.end_s == pytest.approx(SECONDS, abs=0.1)


# FFmpeg takes the shorter of what an MP4's header and its index say.
@pytest.mark.parametrize(
    ("suffix", "claimed"), [("mp4", 0.5), ("mp4", 5.0), ("mkv", 0), ("mkv", 5.0), ("mkv", 36e3)]
)
def test_a_header_that_lies_is_not_believed(tmp_path, suffix, claimed):
    path = tmp_path / f"a.{suffix}"
    made(path, "libx264", {"g": "50"})
    claim_length(path, claimed)
    info = probe(str(path), Limits())
    assert info.duration_s == pytest.approx(claimed, abs=0.01)
    assert info.end_s == pytest.approx(SECONDS, abs=0.1)
    assert info.run_up_s <= 2


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_file_that_was_cut_off_ends_where_it_does(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    faststart = {"movflags": "faststart"} if suffix == "mp4" else {}
    made(path, "libx264", {"g": "50"}, container_options=faststart)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    info = probe(str(path), Limits())
    assert info.end_s < 0.6 * SECONDS
    assert info.run_up_s <= 4
    reader = SampleReader(info, 5, int(5 * info.end_s) - 10)
    assert len(list(reader)) >= 9
    assert reader.decoded_until_s == pytest.approx(info.end_s, abs=0.2)


TICKS = st.lists(st.integers(0, 30), min_size=2, max_size=60)


@given(steps=TICKS, wild=st.integers(-1, 59), far=st.integers(200, 10**9))
def test_one_wild_timestamp_costs_its_own_frame_alone(steps, wild, far):
    """Frames up to 3 s apart at 10 a second; one of them lies more than 20 s ahead, or none."""
    times = [sum(steps[:number]) for number in range(len(steps))]
    shown = [time + far * (number == wild) for number, time in enumerate(times)]
    judged = list(believable_frames(zip(shown, range(len(times)), strict=True), 10, 100))
    assert [number for _, number, _ in judged] == list(range(len(times)))
    assert [number for _, number, believed in judged if not believed] == [wild] * (
        0 <= wild < len(times)
    )


@given(gaps=st.lists(st.integers(0, 10**6), max_size=30))
def test_time_that_only_goes_on_is_believed(gaps):
    """However long a picture stands, but for the last one."""
    times = [sum(gaps[:number]) for number in range(len(gaps))]
    judged = list(believable_frames(((time, None) for time in times), 10, 10**6))
    assert all(believed for _, _, believed in judged)


def test_a_wild_timestamp_does_not_lengthen_a_video(tmp_path):
    times = [*range(100), 25 * 10**6]
    path = make_video(tmp_path / "a.mkv", options={"g": "25", "bf": "0"}, times=times)
    info = probe(str(path), Limits())
    assert info.end_s == pytest.approx(4.0, abs=0.1)
    reader = SampleReader(info, 5)
    assert [sample.tick for sample in reader] == [*range(20), 20]
    assert (reader.decode_errors, reader.decoded_until_s) == (1, pytest.approx(4.0, abs=0.1))


@pytest.mark.parametrize("claimed", [12, None])
def test_wild_timestamps_in_the_midst_cost_their_own_frames_alone(tmp_path, claimed):
    """Of one frame, and of more than half a second of them."""
    plain = make_video(tmp_path / "a.mkv", options={"g": "25", "bf": "0"}, times=range(300))
    path = tmp_path / "b.mkv"
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for number, packet in enumerate(p for p in source.demux(stream) if p.dts is not None):
            if number == 60 or 125 <= number < 140:
                packet.pts += 10**9
            packet.stream = copy
            target.mux(packet)
    if claimed:
        claim_length(path, claimed)
    reader = SampleReader(probe(str(path), Limits()), 5)
    # Frames 0.04 s away serve the ticks 12 and 25.
    assert [sample.tick for sample in reader] == [*range(26), *range(28, 61)]
    assert reader.decode_errors == 16
