import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.sound.sound import Sound, TickSums

FIRST = 30
TEN = np.arange(10)


def sums(ticks: int, seed: int = 0) -> TickSums:
    random = np.random.default_rng(seed)
    sound_s = random.uniform(0.1, 0.2, ticks)
    mel = random.normal(-5, 2, (ticks, 20, 64))
    return TickSums(
        sound_s=sound_s,
        energy=random.uniform(0, 0.1, ticks),
        speech_s=sound_s * random.uniform(0, 1, ticks),
        mel_frames=np.full(ticks, 20.0),
        mel=mel.sum(axis=1),
        mel_squares=np.square(mel).sum(axis=1),
    )


def silent(ticks: int, seconds: float) -> TickSums:
    columns = [np.full(ticks, seconds)] + [np.zeros(ticks)] * 3
    return TickSums(*columns, *np.zeros((2, ticks, 64)))


@given(
    st.sets(st.integers(FIRST, FIRST + 39), min_size=1),
    st.integers(1, 15),
    st.lists(st.integers(0, 100), max_size=6),
)
def test_a_window_is_the_sum_of_its_ticks(ticks, window, begins):
    ticks = np.array(sorted(ticks))
    sound = Sound(ticks, TickSums(*(values[ticks - FIRST] for values in sums(40))), "", 0)
    columns = sound.windows(np.array(begins, int), window)
    assert columns.mel.shape == (len(begins), 128)
    for row, begin in enumerate(begins):
        inside = (begin <= ticks) & (ticks < begin + window)
        seconds = sound.sums.sound_s[inside].sum()
        assert columns.sound_s[row] == pytest.approx(seconds)
        if not inside.any():
            assert np.isnan([columns.loudness_dbfs[row], columns.speech[row]]).all()
            assert not columns.mel[row].any()
            continue
        power = sound.sums.energy[inside].sum() / seconds
        assert columns.loudness_dbfs[row] == pytest.approx(10 * np.log10(power))
        assert columns.speech[row] == pytest.approx(sound.sums.speech_s[inside].sum() / seconds)


def test_mel_is_the_mean_and_the_deviation_of_the_frames():
    random = np.random.default_rng(1)
    frames = random.normal(-9, 3, (3, 20, 64))
    ticks = sums(3)._replace(mel=frames.sum(axis=1), mel_squares=np.square(frames).sum(axis=1))
    mel = Sound(np.arange(3), ticks, "", 0).windows([1], 2).mel[0]
    flat = frames[1:].reshape(-1, 64)
    assert mel[:64] == pytest.approx(flat.mean(axis=0), abs=1e-4)
    assert mel[64:] == pytest.approx(flat.std(axis=0), abs=1e-4)


def test_silence_is_at_the_floor():
    columns = Sound(TEN, silent(10, 0.2), "", 0).windows([0], 10)
    assert columns.loudness_dbfs.tolist() == [-120]
    assert columns.speech.tolist() == [0]


def test_there_may_be_no_sound_at_all():
    columns = Sound(TEN, silent(10, 0), "none", 0).windows([0, 5, 20], 10)
    assert columns.sound_s.tolist() == [0, 0, 0]
    assert np.isnan(columns.loudness_dbfs).all()
    assert np.isnan(columns.speech).all()
    assert not columns.mel.any()


def test_speech_is_never_more_than_all():
    # At odd rates a window's last sample may be counted at one rate and not at the other.
    ticks = silent(10, 0.2)._replace(speech_s=np.full(10, 0.20001))
    assert Sound(TEN, ticks, "", 0).windows([0], 10).speech.tolist() == [1]
