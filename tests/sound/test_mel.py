import numpy as np
import pytest

from streamfer.sound.mel import BANDS, log_mel
from streamfer.sound.wave import MARGIN, RATE, SAMPLES, Wave

LENGTH = SAMPLES + 2 * MARGIN
TIMES = np.arange(-MARGIN, SAMPLES + MARGIN) / RATE


def mel_of(samples: np.ndarray, heard: np.ndarray | None = None):
    everywhere = np.ones(LENGTH, bool)
    return log_mel(Wave(samples.astype(np.float32), everywhere if heard is None else heard))


def centres() -> np.ndarray:
    """Of the bands, in Hz: equally far apart on the mel scale (O'Shaughnessy)."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (125, 7500))
    return 700 * (10 ** (np.linspace(low, high, BANDS + 2)[1:-1] / 2595) - 1)


@pytest.mark.parametrize("band", [0, 10, 31, 50, 63])
def test_a_tone_is_loudest_in_its_band(band):
    mel, _ = mel_of(np.sin(2 * np.pi * centres()[band] * TIMES))
    assert mel.shape == (400, BANDS)
    assert np.abs(mel.argmax(axis=1) - band).max() <= (1 if band == 0 else 0)


def test_ten_times_the_amplitude_is_a_hundred_times_the_power():
    tone = 0.05 * np.sin(2 * np.pi * 1000 * TIMES)
    soft, loud = mel_of(tone)[0], mel_of(10 * tone)[0]
    band = soft[200].argmax()
    assert loud[:, band] - soft[:, band] == pytest.approx(np.log(100), abs=1e-3)


@pytest.mark.parametrize("frame", [0, 137, 399])
def test_a_click_is_loudest_in_its_ten_milliseconds(frame):
    samples = np.zeros(LENGTH)
    samples[MARGIN + frame * 160 + 80] = 1
    mel, _ = mel_of(samples)
    assert mel.mean(axis=1).argmax() == frame


def test_silence_has_a_floor():
    assert mel_of(np.zeros(LENGTH))[0] == pytest.approx(np.log(1e-8))


def test_frames_that_touch_a_hole_are_told():
    heard = np.ones(LENGTH, bool)
    heard[MARGIN + 1600] = False
    _, whole = mel_of(np.zeros(LENGTH), heard)
    # Windows reach 12.5 ms to both sides of their centres at 95, 105 ms.
    assert np.flatnonzero(~whole).tolist() == [9, 10]
