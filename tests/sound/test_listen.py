"""From the bytes of a file to loudness, speech and mel in every window."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.sound.listen import Listener, listen
from tests.media.making_sound import Track, make, sine
from tests.sound.babble import RATE, babble


def hear(path, detector, fps=5, first_tick=0, last_tick=None, seconds=4):
    last_tick = seconds * fps if last_tick is None else last_tick
    return listen(probe(str(path), Limits()), fps, first_tick, last_tick, detector)


def window(path, detector, begin=0, ticks=10):
    sound = hear(path, detector)
    return (column[0] for column in sound.windows([begin], ticks))


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("amplitude", [1.0, 0.5, 0.01])
def test_a_sine_has_its_level(tmp_path, detector, rate, amplitude):
    wave = sine(4, rate, 440, amplitude * 0.999)
    path = make(tmp_path / "a.mov", Track(wave, rate, "pcm_s16le"))
    sound_s, loudness, speech, _ = window(path, detector)
    assert sound_s == 2
    assert loudness == pytest.approx(20 * math.log10(amplitude / math.sqrt(2)), abs=0.05)
    assert speech == 0


@pytest.mark.parametrize("fps", [1, 5, 7, 60])
@pytest.mark.parametrize("rate", [11_025, 44_100])
@pytest.mark.parametrize("time_s", [0.9999, 1.0, 3.99, 4.0001])
def test_a_click_lands_in_its_tick(tmp_path, detector, fps, rate, time_s):
    click = np.zeros((1, 6 * rate))
    place = math.ceil(time_s * rate)
    click[0, place] = 0.9
    path = make(tmp_path / "a.mov", Track(click, rate, "pcm_s16le"), picture_s=6)
    sound = hear(path, detector, fps, seconds=6)
    assert sound.ticks[sound.sums.energy > 0].tolist() == [place * fps // rate]


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
@pytest.mark.parametrize("tick", [0, 7, 19, 20, 27])
def test_mel_is_of_the_tick_that_it_is_in(tmp_path, detector, rate, tick):
    click = np.zeros((1, 6 * rate))
    click[0, round((tick + 0.5) * rate / 5)] = 0.9
    path = make(tmp_path / "a.mov", Track(click, rate, "pcm_s16le"), picture_s=6)
    mel = hear(path, detector, seconds=6).windows(range(30), 1).mel
    means, deviations = mel[:, 20], mel[:, 64 + 20]
    assert means.argmax() == deviations.argmax() == tick
    # Two or three windows of 25 ms hold the click, of twenty in a tick.
    assert np.delete(means, tick) == pytest.approx(math.log(1e-8), abs=1e-3)
    assert np.delete(deviations, tick) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("fps", [1, 5, 7, 60])
def test_a_frame_of_mel_is_in_the_tick_that_holds_its_centre(tmp_path, detector, fps):
    rate = 48_000
    path = make(tmp_path / "a.mov", Track(sine(5, rate, 440), rate, "pcm_s16le"), picture_s=5)
    frames = hear(path, detector, fps, seconds=4).sums.mel_frames
    centres = (np.arange(400) + 0.5) / 100
    expected = np.bincount((centres * fps).astype(int), minlength=4 * fps)
    # The first frame begins before there is sound.
    expected[0] -= 1
    assert frames.tolist() == expected.tolist()


def test_after_a_pause_speech_is_heard_anew(tmp_path, detector):
    second = babble(8, seed=1)
    length = 8 * RATE // 1024 * 1024
    both = np.concatenate([babble(8)[:, :length], second], axis=1)
    frames = np.arange(-(-both.shape[1] // 1024))
    times = frames * 1024 / RATE + np.where(frames >= length // 1024, 16 - length / RATE, 0)
    after = make(
        tmp_path / "a.mkv", Track(both, RATE, times=times, codec="pcm_s16le"), picture_s=24
    )
    alone = make(
        tmp_path / "b.mkv", Track(second, RATE, start_s=16, codec="pcm_s16le"), picture_s=24
    )
    speech, other = (
        hear(p, detector, seconds=24).windows(range(80, 120), 1) for p in (after, alone)
    )
    assert np.array_equal(speech.speech, other.speech)


@pytest.mark.parametrize("fps", [5, 7])
def test_every_sample_is_in_one_tick(tmp_path, detector, fps):
    path = make(tmp_path / "a.mov", Track(sine(4, 44_100, 440), 44_100, "pcm_s16le"))
    sums = hear(path, detector, fps).sums
    samples = sums.sound_s * 44_100
    assert samples == pytest.approx(np.rint(samples), abs=1e-6)
    assert samples.sum() == pytest.approx(4 * 44_100)
    assert np.abs(samples - 44_100 / fps).max() < 1
    assert sums.mel_frames.sum() == pytest.approx(400, abs=4)


def test_all_channels_are_as_loud_as_they_are_together(tmp_path, detector):
    wave = np.zeros((6, 4 * 96_000))
    wave[2] = sine(4, 96_000, 440, 0.9)[0]
    path = make(tmp_path / "a.mkv", Track(wave, 96_000, "pcm_s16le"))
    sound = hear(path, detector)
    assert sound.stream == "pcm_s16le, 96000 Hz, 6 channels"
    loudness = sound.windows([0], 10).loudness_dbfs[0]
    assert loudness == pytest.approx(20 * math.log10(0.9 / math.sqrt(2 * 6)), abs=0.05)


def test_opposite_channels_are_loud_though_their_mean_is_silent(tmp_path, detector):
    wave = sine(4, 48_000, 440)
    path = make(tmp_path / "a.mkv", Track(np.concatenate([wave, -wave])))
    _, loudness, _, mel = window(path, detector)
    assert loudness == pytest.approx(-9.03, abs=0.05)
    assert mel[:64] == pytest.approx(math.log(1e-8))


def test_silence(tmp_path, detector):
    path = make(tmp_path / "a.mp4", Track(np.zeros((2, 4 * 44_100)), 44_100, "aac"))
    sound_s, loudness, speech, mel = window(path, detector)
    assert (sound_s, loudness, speech) == (2, -120, 0)
    assert not mel[64:].any()


def test_no_sound(tmp_path, detector):
    sound = hear(make(tmp_path / "a.mp4"), detector)
    columns = sound.windows([0, 5, 10], 10)
    assert (sound.stream, sound.errors) == ("none", 0)
    assert columns.sound_s.tolist() == [0, 0, 0]
    assert np.isnan(columns.loudness_dbfs).all()
    assert np.isnan(columns.speech).all()


def test_sound_that_is_shorter_than_the_picture(tmp_path, detector):
    track = Track(sine(1.5, 48_000, 440), codec="pcm_s16le", start_s=0.5)
    sound = hear(make(tmp_path / "a.mov", track), detector)
    columns = sound.windows([0, 5, 10], 10)
    assert columns.sound_s == pytest.approx([1.5, 1, 0], abs=1e-9)
    # Where there is sound it is as loud as ever.
    assert columns.loudness_dbfs[:2] == pytest.approx(-9.03, abs=0.05)
    assert np.isnan(columns.loudness_dbfs[2])


def test_several_streams(tmp_path, detector):
    quiet = Track(sine(4, 48_000, 440, 0.01))
    loud = Track(sine(4, 8000, 440, 0.5), 8000, default=True)
    sound = hear(make(tmp_path / "a.mkv", quiet, loud), detector)
    assert sound.stream == "flac, 8000 Hz, 1 channel, stream 2 of 2"
    assert sound.windows([0], 10).loudness_dbfs[0] == pytest.approx(-9.03, abs=0.05)


def test_damage_is_counted_and_the_rest_is_heard(tmp_path, detector, capfd):
    path = make(tmp_path / "a.mp4", Track(sine(4, 48_000, 440), codec="aac"))
    whole = hear(path, detector).windows([0, 15], 5)
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    for place in random.integers(len(data) // 3, len(data) // 2, 300):
        data[place] = int(random.integers(256))
    path.write_bytes(data)
    sound = hear(path, detector)
    capfd.readouterr()
    assert sound.errors > 0
    assert 2 < sound.sums.sound_s.sum() < 4
    columns = sound.windows([0, 15], 5)
    assert columns.sound_s == pytest.approx(1)
    assert columns.loudness_dbfs == pytest.approx(whole.loudness_dbfs, abs=0.05)


def test_a_shift_of_all_streams_changes_nothing(tmp_path, detector):
    track = Track(babble(4), RATE, "pcm_s16le", start_s=0.3)
    here, there = (
        hear(make(tmp_path / f"{start}.mkv", track, start_s=start), detector).windows([0, 5], 10)
        for start in (0.0, 5000.0)
    )
    for column, other in zip(here, there, strict=True):
        assert np.array_equal(column, other)


@pytest.mark.parametrize("kind", ["white", "pink", "tone", "chord", "clicks"])
def test_noise_and_tones_are_no_speech(tmp_path, detector, kind):
    rate, seconds = 16_000, 8
    random = np.random.default_rng(2)
    white = 0.1 * random.standard_normal((1, seconds * rate))
    spectrum = np.fft.rfft(white) / np.sqrt(np.arange(1, seconds * rate // 2 + 2))
    chord = sum(sine(seconds, rate, note, 0.1) for note in (220, 277, 330, 440))
    wave = {
        "white": white,
        "pink": 10 * np.fft.irfft(spectrum),
        "tone": sine(seconds, rate, 1000),
        "chord": chord,
        "clicks": 0.9 * (np.arange(seconds * rate) % 8000 == 0)[None],
    }[kind]
    path = make(tmp_path / "a.mkv", Track(wave.clip(-0.99, 0.99), rate), picture_s=seconds)
    assert hear(path, detector, seconds=seconds).sums.speech_s.sum() < 0.1


def test_speech_is_found_where_it_is(tmp_path, detector):
    random = np.random.default_rng(4)
    wave = 0.003 * random.standard_normal((1, 16 * RATE))
    wave[:, 5 * RATE : 10 * RATE] += babble(5)
    path = make(tmp_path / "a.mkv", Track(wave, RATE), picture_s=16)
    speech = hear(path, detector, seconds=16).windows([0, 15, 25, 30, 35, 40, 60], 10).speech
    assert speech[[0, 1, 6]] == pytest.approx(0)
    assert (speech[2:5] > 0.6).all()


def test_speech_depends_little_on_where_listening_began(tmp_path, detector):
    path = make(tmp_path / "a.mkv", Track(babble(40), RATE), picture_s=40)
    whole = hear(path, detector, seconds=40).sums.speech_s
    for first in (45, 60, 78, 100):
        part = hear(path, detector, first_tick=first, seconds=40).sums.speech_s
        other = np.abs(part - whole[first:])
        assert other.sum() < 0.03 * (40 - first / 5)


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """24 s of loudness that changes, with a hole of 5 s."""
    rate = 44_100
    random = np.random.default_rng(3)
    wave = random.standard_normal((2, 19 * rate)) * random.uniform(0, 0.2, (1, 19 * rate))
    times = [n * 1024 / rate + 5 * (n > 300) for n in range(19 * rate // 1024 + 1)]
    track = Track(wave.clip(-1, 1), rate, "pcm_s16le", times=times)
    return make(tmp_path_factory.mktemp("sound") / "a.mkv", track, picture_s=24)


@pytest.fixture(scope="module")
def whole(long_video, detector):
    """What every tick of it sounds like, for each of some sampling rates."""
    return {fps: hear(long_video, detector, fps, seconds=24) for fps in (1, 5, 7, 25)}


@settings(max_examples=12)
@given(fps=st.sampled_from([1, 5, 7, 25]), data=st.data())
def test_any_split_gives_the_same_ticks(long_video, detector, whole, fps, data):
    first = data.draw(st.integers(0, 24 * fps - 1))
    last = data.draw(st.integers(first + 1, 24 * fps))
    part = hear(long_video, detector, fps, first, last).windows(range(first, last), 1)
    other = whole[fps].windows(range(first, last), 1)
    assert np.array_equal(part.sound_s, other.sound_s)
    assert np.array_equal(part.loudness_dbfs, other.loudness_dbfs, equal_nan=True)
    assert np.array_equal(part.mel, other.mel)


@settings(max_examples=12)
@given(ends=st.lists(st.integers(0, 120), max_size=4), ahead=st.integers(0, 15))
def test_stretch_by_stretch_gives_the_same_ticks(long_video, detector, whole, ends, ahead):
    """Whether or not a stretch shares ticks with the next."""
    listener = Listener(probe(str(long_video), Limits()), 5, 0, None, detector)
    for first, last in itertools.pairwise([0, *sorted(ends), 120]):
        part = listener.hear(first, last + ahead).windows(range(first, last), 1)
        other = whole[5].windows(range(first, last), 1)
        assert np.array_equal(part.sound_s, other.sound_s)
        assert np.array_equal(part.loudness_dbfs, other.loudness_dbfs, equal_nan=True)
        assert np.array_equal(part.mel, other.mel)


def test_four_times_the_sound_needs_no_more_memory(tmp_path, detector):
    def peak(seconds):
        wave = np.zeros((2, seconds * 48_000), np.float32)
        track = Track(wave, 48_000, "pcm_s16le")
        path = make(tmp_path / f"{seconds}.mkv", track, picture_s=seconds)
        del wave, track
        tracemalloc.start()
        hear(path, detector, seconds=seconds)
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # Of 36 s more, the samples alone would be 13 MB; the sums of their ticks are 0.2.
    assert peak(48) - peak(12) < 1e6


@pytest.mark.parametrize(
    ("name", "speaks"),
    [
        ("face_recognition__short_hamilton_clip.mp4", True),
        ("torchcodec__nasa_13013.mp4", True),
        ("pyfeat__WolfgangLanger_Pexels.mp4", False),  # digital silence
    ],
)
def test_real_speech_is_found(clips, detector, name, speaks):
    info = probe(str(clips / name), Limits())
    sums = listen(info, 5, 0, int(info.duration_s * 5), detector).sums
    share = sums.speech_s.sum() / sums.sound_s.sum()
    assert share > 0.8 if speaks else share == 0
