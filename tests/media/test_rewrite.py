"""A video written anew: its times, colours, orientation and sound are those it had."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.media.rewrite import rewrite
from tests.media.making import GROUPS, an_hour_late, make_video, number_of, numbered
from tests.media.making_sound import Track, make

SIX_HUNDREDTH = Fraction(1, 600)


def keep(_picture: np.ndarray, _time_s: float) -> None:
    """Change nothing."""


def rewritten(source: Path, change=keep, suffix: str = ".mp4") -> Path:
    target = source.with_name(f"{source.stem} anew{suffix}")
    rewrite(probe(str(source), Limits()), target, change)
    return target


def shown(path: Path) -> list[tuple[float, np.ndarray]]:
    """Pictures, as stored, with their times on the clock that a player shows."""
    with av.open(str(path)) as container:
        start = container.start_time / av.time_base
        return [
            (frame.time - start, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_pictures_keep_their_times_though_they_come_unevenly(tmp_path, suffix):
    times = np.cumsum(np.random.default_rng(1).integers(3, 300, 60)).tolist()
    times = [time - times[0] for time in times]
    source = make_video(tmp_path / "a.mp4", options=GROUPS, times=times, time_base=SIX_HUNDREDTH)
    told = []
    found = shown(rewritten(source, lambda _, time_s: told.append(time_s), suffix))
    assert [number_of(picture) for _, picture in found] == list(range(60))
    expected = np.array(times) / 600
    np.testing.assert_allclose(told, expected, atol=1e-9)
    tick = 0.0005 if suffix == ".mkv" else 1e-5  # Matroska counts milliseconds
    np.testing.assert_allclose([time for time, _ in found], expected, atol=tick)


def test_a_video_that_begins_late_begins_at_zero(tmp_path):
    source = an_hour_late(make_video(tmp_path / "a.mp4", times=range(30)), tmp_path / "late.mkv")
    told = []
    found = shown(rewritten(source, lambda _, time_s: told.append(time_s)))
    np.testing.assert_allclose(told, np.arange(30) / 25, atol=0.0005)
    np.testing.assert_allclose([time for time, _ in found], told, atol=1e-5)
    with av.open(str(tmp_path / "late anew.mp4")) as container:
        assert container.start_time == 0


def test_what_is_drawn_is_seen_at_its_time_and_the_rest_is_as_it_was(tmp_path):
    def mark(picture, time_s):
        if time_s >= 0.5:
            picture[100:, :40] = (255, 0, 0)

    source = make_video(tmp_path / "a.mp4", times=range(25), options={"crf": "5"})
    before, after = shown(source), shown(rewritten(source, mark))
    for (time, old), (_, new) in zip(before, after, strict=True):
        red = new[105:, 5:35].astype(int) - (255, 0, 0)
        assert (np.abs(red).max() < 30) == (time >= 0.5)
        assert np.abs(new[:95].astype(int) - old[:95]).mean() < 3


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_video_is_written_upright(tmp_path, rotation):
    lying = np.rot90(numbered(0), -rotation // 90)
    source = tmp_path / "a.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = lying.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(rotation)
        for number in range(5):
            picture = np.ascontiguousarray(np.rot90(numbered(number), -rotation // 90))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    found = shown(rewritten(source))
    assert [picture.shape for _, picture in found] == [(120, 160, 3)] * 5
    assert [number_of(picture) for _, picture in found] == list(range(5))


def test_odd_sizes_get_a_line_and_a_column_more(tmp_path):
    sizes = set()
    source = make_video(
        tmp_path / "a.mp4", options={"crf": "1"}, times=range(5), size=(161, 121), pix_fmt="yuv444p"
    )
    target = rewritten(source, lambda picture, _: sizes.add(picture.shape))
    assert sizes == {(121, 161, 3)}
    for number, (_, picture) in enumerate(shown(target)):
        assert picture.shape == (122, 162, 3)
        expected = numbered(number, 161, 121)
        assert np.abs(picture[:121, :161].astype(int) - expected).mean() < 4
        assert np.abs(picture[121].astype(int) - picture[120]).mean() < 4


def test_pixels_that_are_not_square_become_so(tmp_path):
    def wide(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)

    source = make_video(tmp_path / "a.mp4", times=range(3), adjust=wide)
    assert {picture.shape for _, picture in shown(rewritten(source))} == {(120, 240, 3)}


@pytest.mark.parametrize(
    ("matrix", "range_"), [(1, 1), (6, 1), (5, 1), (2, 0), (1, 2), (6, 2), (9, 1)]
)
def test_colours_mean_what_they_meant(tmp_path, matrix, range_):
    """BT.709, BT.601 and BT.2020, limited and full range, or nothing said."""

    def tag(stream):
        context = stream.codec_context
        context.colorspace, context.color_range = matrix, range_
        context.color_primaries = context.color_trc = 1 if matrix == 1 else 2

    def planes(path):
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            tags = [context.colorspace, context.color_range]
            tags += [context.color_primaries, context.color_trc]
            frame = list(container.decode(video=0))[3]
            return tags, frame.to_ndarray().astype(int)

    source = make_video(tmp_path / "a.mp4", options={"crf": "1"}, times=range(5), adjust=tag)
    (old_tags, old), (new_tags, new) = planes(source), planes(rewritten(source))
    assert new_tags == old_tags
    assert np.abs(new - old).mean() < 2.5
    # In the midst of the red square, where no edge blurs.
    y = slice(90, 105)
    assert np.abs(np.median(new[y, 15:25]) - np.median(old[y, 15:25])) <= 3


def clicks(rate: int) -> np.ndarray:
    """Silence with a click of 2 ms at 0.5, 1.5, 2.5 and 3.5 s."""
    samples = np.zeros((1, 4 * rate))
    for time in (0.5, 1.5, 2.5, 3.5):
        samples[:, round(time * rate) : round((time + 0.002) * rate)] = 0.9
    return samples


def click_times(path: Path) -> np.ndarray:
    """When clicks are heard, on the clock that a player shows."""
    loud = []
    with av.open(str(path)) as container:
        start = container.start_time / av.time_base
        for frame in container.decode(audio=0):
            values = frame.to_ndarray()
            samples = np.abs(values if frame.format.is_planar else values.reshape(1, -1)).max(
                axis=0
            )
            scale = 1 if values.dtype.kind == "f" else 1 << (8 * values.itemsize - 1)
            times = frame.time - start + np.arange(len(samples)) / frame.sample_rate
            loud += times[samples / scale > 0.4].tolist()
    starts = np.diff(loud, prepend=-1) > 0.1
    return np.array(loud)[starts]


@pytest.mark.parametrize(
    ("name", "codec", "written"),
    [("a.mp4", "aac", "aac"), ("a.mkv", "flac", "flac"), ("a.avi", "pcm_alaw", "aac")],
)
@pytest.mark.parametrize("start_s", [0, 7])
def test_sound_is_kept_and_in_step(tmp_path, name, codec, written, start_s):
    rate = 48_000
    track = Track(clicks(rate), rate=rate, codec=codec)
    source = make(tmp_path / name, track, start_s=0 if name.endswith("avi") else start_s)
    target = rewritten(source)
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec.canonical_name == written
    before, after = click_times(source), click_times(target)
    assert len(before) == len(after) == 4
    np.testing.assert_allclose(after, before, atol=0.002)
    pictures = [number_of(picture) for _, picture in shown(target)]
    assert pictures == list(range(40))


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_pictures_that_begin_after_the_sound_do_so_to_the_tick(tmp_path, suffix):
    times = [3337 + 400 * n for n in range(20)]
    source = make_video(
        tmp_path / "a.mp4",
        times=times,
        time_base=Fraction(1, 10_000),
        sound_from=0,
        container_options={"movie_timescale": "10000"},
    )
    found = shown(rewritten(source, suffix=suffix))
    np.testing.assert_allclose([time for time, _ in found], np.array(times) / 1e4, atol=5e-5)


def test_copied_sound_is_the_same_bytes(tmp_path):
    source = make(tmp_path / "a.mp4", Track(clicks(48_000), codec="aac"))

    def packets(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    assert packets(rewritten(source)) == packets(source) != []


def test_damage_costs_what_is_damaged(tmp_path):
    source = make(tmp_path / "a.mkv", Track(clicks(48_000)))
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 60] = bytes(60)
    source.write_bytes(data)
    found = [number_of(picture) for _, picture in shown(rewritten(source))]
    assert found[:5] == [0, 1, 2, 3, 4]
    assert found[-1] == 39
    assert len(found) > 25


def test_a_picture_that_changes_its_size_is_brought_to_the_first(tmp_path):
    path = tmp_path / "a.ts"
    parts = []
    for n, size in enumerate([(160, 120), (320, 240)]):
        part = make_video(tmp_path / f"{n}.ts", times=range(n * 25, n * 25 + 25), size=size)
        parts.append(part.read_bytes())
    path.write_bytes(b"".join(parts))
    found = shown(rewritten(path))
    assert {picture.shape for _, picture in found} == {(120, 160, 3)}
    assert len(found) > 40
