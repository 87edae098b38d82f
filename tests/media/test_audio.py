"""Sound is read where it lies in time, whatever the container says, and wherever reading began."""

import itertools
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.media.audio import SoundReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from tests.media.making_sound import (
    FRAME,
    Track,
    make,
    numbers_of,
    sample_numbers,
    sine,
)


def read(path, first_s=0, last_s=1000):
    reader = SoundReader(probe(str(path), Limits()), first_s, Fraction(last_s))
    stretches = list(reader)
    for before, after in itertools.pairwise(stretches):
        assert before.start + before.samples.shape[1] <= after.start
    return stretches, reader


def on_clock(stretches, seconds):
    """Samples (channels, N) of the first seconds of the clock, NaN where there is no sound."""
    last = stretches[-1]
    end = last.start + last.samples.shape[1]
    wanted = round(seconds * last.rate)
    samples = np.full((len(last.samples), max(wanted, end)), np.nan, np.float32)
    for stretch in stretches:
        samples[:, stretch.start : stretch.start + stretch.samples.shape[1]] = stretch.samples
    return samples[:, :wanted]


def holes(stretches, seconds):
    """Where there is no sound: [(begin, end), ...] in samples."""
    heard = ~np.isnan(on_clock(stretches, seconds)[0])
    changes = np.flatnonzero(np.diff(np.concatenate([[True], heard, [True]]).astype(int)))
    return [(int(a), int(b)) for a, b in changes.reshape(-1, 2)]


@pytest.mark.parametrize(
    ("name", "codec", "bits"),
    [
        ("a.mkv", "pcm_u8", 8),
        ("a.mkv", "pcm_s16le", 16),
        ("a.mov", "pcm_s24le", 24),
        ("a.mkv", "pcm_s32le", 24),
        ("a.mkv", "pcm_f32le", 24),
        ("a.mkv", "pcm_f64le", 24),
        ("a.mp4", "alac", 16),
    ],
)
def test_every_sample_format_has_the_same_full_scale(tmp_path, name, codec, bits):
    wave = np.concatenate([sine(1, 48_000, 440), -sine(1, 48_000, 300)])
    stretches, reader = read(make(tmp_path / name, Track(wave, codec=codec)))
    difference = on_clock(stretches, 1)[:, :48_000] - wave
    assert np.nanmax(np.abs(difference)) <= 1.01 * 2.0 ** (1 - bits)
    assert reader.stream == f"{codec}, 48000 Hz, 2 channels"
    assert reader.errors == 0


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, 96_000])
def test_samples_keep_their_places_where_the_container_is_exact(tmp_path, rate):
    path = make(tmp_path / "a.mov", Track(sample_numbers(3 * rate), rate, "pcm_s24le"))
    stretches, _ = read(path)
    assert np.array_equal(numbers_of(on_clock(stretches, 3)), np.arange(3 * rate))


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_matroskas_milliseconds_tear_no_holes_and_do_not_add_up(tmp_path, rate):
    path = make(tmp_path / "a.mkv", Track(sample_numbers(4 * rate), rate, "pcm_s32le"))
    samples = on_clock(read(path)[0], 3.9)
    errors = numbers_of(samples) - np.arange(samples.shape[1])
    assert not np.isnan(samples).any()
    assert np.abs(errors).max() <= rate / 1000 + 1
    # At most once a second does it not go on as it was.
    assert (np.diff(samples[0] * (1 << 23)).round() != 1).sum() <= 3 * (rate / 1000 + 1)


@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.ts"])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_sound_that_starts_late_and_ends_early(tmp_path, name, rate):
    codec = "ac3" if name == "a.ts" else "pcm_s16le"
    path = make(tmp_path / name, Track(sine(1, rate, 440), rate, codec, start_s=1.5))
    info = probe(str(path), Limits())
    stretches, reader = read(path)
    before, after = holes(stretches, 4)
    slack = 1536 if codec == "ac3" else rate // 1000
    assert before == (0, pytest.approx(1.5 * rate, abs=slack))
    assert after == (pytest.approx(2.5 * rate, abs=2 * slack), 4 * rate)
    assert reader.errors == 0
    assert info.start_s == pytest.approx({"a.ts": 0.1}.get(name, 0), abs=0.1)


def test_a_hole_stays_a_hole(tmp_path):
    rate = 48_000
    times = [n * FRAME / rate + (1.0 if n >= 40 else 0.0) for n in range(80)]
    track = Track(sample_numbers(80 * FRAME), rate, "pcm_s32le", times=times)
    stretches, _ = read(make(tmp_path / "a.mkv", track))
    begin, end = 40 * FRAME, 40 * FRAME + rate
    assert holes(stretches, 2.5) == [(pytest.approx(begin, abs=48), pytest.approx(end, abs=48))]
    behind = numbers_of(on_clock(stretches, 2.5)[:, end + 100 : end + 200])
    assert behind == pytest.approx(np.arange(begin + 100, begin + 200), abs=48)


def test_of_what_overlaps_the_first_stays(tmp_path):
    rate, early = 8000, 480
    # From frame 20 on all begin 60 ms too early, while frame 19 is not yet over.
    times = [(n * FRAME - (early if n >= 20 else 0)) / rate for n in range(30)]
    track = Track(sample_numbers(30 * FRAME), rate, "pcm_s32le", times=times)
    stretches, _ = read(make(tmp_path / "a.mkv", track))
    numbers = numbers_of(on_clock(stretches, (30 * FRAME - early) / rate))
    place = np.arange(len(numbers))
    assert np.array_equal(numbers, np.where(place < 20 * FRAME, place, place + early))


def flv_tags(data):
    """Where each tag of sound begins."""
    place = 13
    while place < len(data):
        if data[place] == 8:
            yield place
        place += 11 + int.from_bytes(data[place + 1 : place + 4], "big") + 4


@pytest.mark.parametrize("wild_s", [-1, 3600])
def test_one_wild_time_costs_one_frame_and_no_more(tmp_path, wild_s):
    rate = 44_100
    path = make(tmp_path / "a.flv", Track(sine(4, rate, 440), rate, "aac"))
    whole = on_clock(read(path)[0], 3.9)[0]
    data = bytearray(path.read_bytes())
    tag = list(flv_tags(data))[80]
    time = int.from_bytes(data[tag + 4 : tag + 7], "big") + 1000 * wild_s
    data[tag + 4 : tag + 7] = time.to_bytes(3, "big")
    path.write_bytes(data)
    stretches, _ = read(path)
    ((begin, end),) = holes(stretches, 3.9)
    assert end - begin == pytest.approx(FRAME, abs=90)
    samples = on_clock(stretches, 3.9)[0]
    assert np.array_equal(samples[:begin], whole[:begin])
    assert np.array_equal(samples[-rate:], whole[-rate:])


def test_times_that_begin_again_are_passed_over(tmp_path):
    path = make(tmp_path / "a.ts", Track(sine(4, 48_000, 440), codec="ac3"))
    once = on_clock(read(path)[0], 3.9)
    path.write_bytes(path.read_bytes() * 2)
    assert np.array_equal(on_clock(read(path)[0], 3.9), once, equal_nan=True)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([0.0, 0.004, -0.004, 0.3, -0.3]), min_size=30, max_size=60),
    st.floats(0, 3),
    st.floats(0, 2),
)
def test_any_times_give_sound_in_order_within_jitter_of_its_time(steps, first_s, length_s):
    rate = 8000
    times = np.maximum.accumulate(np.arange(len(steps)) * FRAME / rate + np.cumsum(steps))
    times = (times - times[0]).tolist()
    track = Track(sample_numbers(len(steps) * FRAME), rate, "pcm_s32le", times=times)
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder) / "a.mkv", track)
        whole = on_clock(read(path)[0], 40)
        first_s, last_s = int(first_s), int(first_s) + length_s
        part, _ = read(path, first_s, last_s)
    place = np.flatnonzero(~np.isnan(whole[0]))
    number = numbers_of(whole[:, place])
    said = np.array(times)[number // FRAME] + number % FRAME / rate
    assert np.abs(place / rate - said).max() <= 0.0105 + 1 / 1000
    if part:
        inside = slice(first_s * rate, int(np.ceil(last_s * rate)))
        assert np.array_equal(on_clock(part, 40)[:, inside], whole[:, inside], equal_nan=True)
        assert part[0].start >= first_s * rate


@pytest.mark.parametrize(
    ("name", "codec", "noise"),
    [
        ("a.mkv", "flac", 0),
        ("a.mkv", "libopus", 0),
        ("a.mov", "pcm_s16le", 0),
        ("a.mp4", "libmp3lame", 0),
        ("a.avi", "pcm_s16le", 0),
        ("a.mp4", "aac", 0),
        ("a.mkv", "aac", 0),
        ("a.ts", "aac", 0),
        ("a.flv", "aac", 0),
        # Their decoders draw noise.
        ("a.mpg", "mp2", 2**-14),
        ("a.ts", "ac3", 2**-10),
    ],
)
def test_what_is_read_does_not_depend_on_where_reading_began(tmp_path, name, codec, noise):
    rate, seconds = (44_100 if name == "a.flv" else 48_000), 30
    chirp = 0.5 * np.sin(np.linspace(0, np.sqrt(9000 * seconds), rate * seconds) ** 2)[None]
    path = make(tmp_path / name, Track(chirp, rate, codec), picture_s=seconds)
    whole = on_clock(read(path)[0], 31)
    for first_s, last_s in [(0, 5), (5, 12), (12, 29), (25, 31)]:
        stretches, reader = read(path, first_s, last_s)
        inside = slice(first_s * rate, last_s * rate)
        part = on_clock(stretches, last_s)[:, first_s * rate :]
        assert np.array_equal(np.isnan(part), np.isnan(whole[:, inside]))
        assert np.nanmax(np.abs(part - whole[:, inside])) <= noise
        assert reader.errors == 0


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "aac"), ("a.mkv", "libopus"), ("a.mp4", "libmp3lame"), ("a.mkv", "flac")],
)
def test_an_encoders_priming_moves_nothing(tmp_path, name, codec):
    rate = 48_000
    click = np.zeros((1, 2 * rate))
    click[0, rate : rate + 8] = 0.9
    samples = on_clock(read(make(tmp_path / name, Track(click, rate, codec)))[0], 1.9)
    assert np.abs(samples[0]).argmax() == pytest.approx(rate + 4, abs=rate // 1000 + 4)
    assert not np.isnan(samples).any()


def test_the_stream_that_is_marked_is_taken_and_told(tmp_path):
    quiet, loud = sine(1, 48_000, 440, 0.1), sine(1, 8000, 440, 0.9)
    path = make(tmp_path / "a.mkv", Track(quiet), Track(loud, 8000, default=True))
    stretches, reader = read(path)
    assert reader.stream == "flac, 8000 Hz, 1 channel, stream 2 of 2"
    assert np.nanmax(on_clock(stretches, 1)) > 0.85


def test_without_a_mark_the_first_is_taken(tmp_path):
    path = make(
        tmp_path / "a.ts",
        Track(sine(1, 48_000, 440), codec="ac3"),
        Track(sine(1, 48_000, 440), codec="mp2"),
    )
    assert read(path)[1].stream == "ac3, 48000 Hz, 1 channel, stream 1 of 2"


def test_a_stream_that_cannot_be_decoded_is_left_for_one_that_can(tmp_path):
    marked = Track(sine(1, 48_000, 440), codec="flac", default=True)
    path = make(tmp_path / "a.mkv", marked, Track(sine(1, 48_000, 440), codec="ac3"))
    path.write_bytes(path.read_bytes().replace(b"A_FLAC", b"A_XYZW"))
    assert read(path)[1].stream == "ac3, 48000 Hz, 1 channel, stream 2 of 2"


def test_no_sound_is_told(tmp_path):
    stretches, reader = read(make(tmp_path / "a.mp4"))
    assert (stretches, reader.stream, reader.errors) == ([], "none", 0)


def test_sound_of_an_unknown_codec_is_told(tmp_path):
    path = make(tmp_path / "a.mkv", Track(sine(1, 48_000, 440)))
    path.write_bytes(path.read_bytes().replace(b"A_FLAC", b"A_XYZW"))
    stretches, reader = read(path)
    assert (stretches, reader.stream) == ([], "none that FFmpeg can decode")


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "aac"), ("a.ts", "aac"), ("a.ts", "ac3"), ("a.mp4", "aac")]
)
def test_damaged_sound_is_passed_over_and_told(tmp_path, name, codec, capfd):
    rate = 48_000
    path = make(tmp_path / name, Track(sine(4, rate, 440), rate, codec))
    whole = on_clock(read(path)[0], 4)
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    for place in random.integers(len(data) // 3, len(data) // 2, 300):
        data[place] = int(random.integers(256))
    path.write_bytes(data)
    stretches, reader = read(path)
    capfd.readouterr()
    samples = on_clock(stretches, 4)
    assert reader.errors > 0
    same = (np.abs(samples - whole) < 1e-3)[0]
    # The damage is in the second quarter of the file or so.
    assert same[:rate].all()
    assert same[-rate + 1024 :].all()


def test_samples_of_an_unknown_format_are_passed_over_and_told(tmp_path):
    path = make(tmp_path / "a.nut", Track(sine(1, 8000, 440), 8000, "pcm_s64le", frame=1000))
    stretches, reader = read(path)
    assert (stretches, reader.errors) == ([], 8)
    assert reader.stream == "pcm_s64le, 8000 Hz, 1 channel"


def test_eight_channels_are_read(tmp_path):
    waves = [sine(2, 48_000, 200 + 100 * number) for number in range(8)]
    track = Track(np.concatenate(waves), codec="aac")
    reader = SoundReader(probe(str(make(tmp_path / "a.mkv", track)), Limits()), 0, Fraction(1))
    samples = np.concatenate([stretch.samples for stretch in reader], axis=1)
    # The loudest frequency of each channel, to a hertz, whatever their order.
    found = {int(np.abs(np.fft.rfft(wave)).argmax()) for wave in samples[:, :48_000]}
    # The low-frequency channel holds only what is low.
    assert len(samples) == 8
    assert len(found & set(range(200, 1000, 100))) >= 7


def test_more_planes_than_pyav_can_count_are_passed_over_and_told(tmp_path):
    path = make(tmp_path / "a.nut", Track(np.zeros((16, 48_000)), codec="pcm_s16le_planar"))
    reader = SoundReader(probe(str(path), Limits()), 0, None)
    assert list(reader) == []
    assert reader.errors > 0


def test_a_packet_of_minutes_is_not_taken_into_memory(tmp_path):
    rate = 8000
    path = make(
        tmp_path / "a.mkv", Track(np.zeros((1, 300 * rate)), rate, "pcm_u8", frame=200 * rate)
    )
    stretches, reader = read(path)
    assert reader.errors == 1
    assert sum(stretch.samples.shape[1] for stretch in stretches) == 100 * rate


def test_what_lies_far_behind_the_range_is_not_read(tmp_path, capfd):
    track = Track(sine(4, 48_000, 440), codec="aac", start_s=40)
    path = make(tmp_path / "a.mp4", track, picture_s=44)
    data = bytearray(path.read_bytes())
    index = data.find(b"moov")
    random = np.random.default_rng(0)
    for place in random.integers(index // 3, index - 8, 4000):
        data[place] = int(random.integers(256))
    path.write_bytes(data)
    errors = [read(path, 0, last_s)[1].errors for last_s in (10, 60)]
    capfd.readouterr()
    assert errors[0] == 0
    assert errors[1] > 0


def test_sound_of_a_few_hertz_is_none(tmp_path):
    path = make(tmp_path / "a.mkv", Track(sine(4, 100, 10), 100, "pcm_s16le"))
    assert read(path)[1].stream == "none that FFmpeg can decode"


def test_float_samples_that_are_no_numbers_are_no_sound(tmp_path):
    wave = np.full((1, 4800), 0.25)
    wave[0, 100:103] = np.nan, np.inf, -1e30
    stretches, _ = read(make(tmp_path / "a.mkv", Track(wave, codec="pcm_f32le")))
    samples = on_clock(stretches, 0.1)[0]
    assert samples[100:103].tolist() == [0, 16, -16]
    assert (np.delete(samples, [100, 101, 102])[:4700] == 0.25).all()


def test_a_shift_of_all_streams_moves_no_sample(tmp_path):
    track = Track(sample_numbers(96_000), codec="pcm_s32le", start_s=0.3)
    here, there = (
        on_clock(read(make(tmp_path / f"{start}.mkv", track, start_s=start))[0], 2)
        for start in (0.0, 5000.0)
    )
    assert np.array_equal(here, there, equal_nan=True)
