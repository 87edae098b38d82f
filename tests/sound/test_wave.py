import numpy as np
import pytest

from streamfer.media.audio import Stretch
from streamfer.sound.blocks import cut_blocks
from streamfer.sound.wave import MARGIN, RATE, SAMPLES, context_at, resample

USUAL = [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]
ODD = [8006, 44_056, 47_999]


def waves(samples: np.ndarray, rate: int, start: int = 0):
    stretches = [Stretch(start, rate, samples[None].astype(np.float32))]
    return [resample(block) for block in cut_blocks(stretches, context_at)]


@pytest.mark.parametrize("rate", USUAL)
def test_a_tone_is_the_same_at_16_khz_across_blocks(rate):
    times = np.arange(9 * rate) / rate
    first, second, _ = waves(np.sin(2 * np.pi * 997 * times), rate)
    expected = np.sin(2 * np.pi * 997 * np.arange(-MARGIN, 2 * SAMPLES + MARGIN) / RATE)
    assert len(first.samples) == len(second.samples) == len(first.heard) == SAMPLES + 2 * MARGIN
    # The filter's own error is a hundredth; a shift by a tenth of a sample would show as .04.
    begin = np.s_[2 * MARGIN : SAMPLES + 2 * MARGIN]
    assert np.abs(first.samples - expected[: SAMPLES + 2 * MARGIN])[begin].max() < 0.012
    assert np.abs(second.samples - expected[SAMPLES:]).max() < 0.012


@pytest.mark.parametrize("rate", USUAL + ODD)
@pytest.mark.parametrize("time_s", [0.5, 3.98, 4.02, 7.98])
def test_a_click_keeps_its_time(rate, time_s):
    click = np.zeros(9 * rate)
    click[round(time_s * rate)] = 1
    block = int(time_s // 4)
    samples = waves(click, rate)[block].samples[MARGIN : MARGIN + SAMPLES]
    place = block * SAMPLES + np.abs(samples).argmax()
    expected = round(time_s * rate) / rate * RATE
    assert place == pytest.approx(expected, abs=0.003 * RATE + 1 if rate in ODD else 1)


@pytest.mark.parametrize("rate", USUAL + ODD)
def test_what_is_heard_keeps_its_time(rate):
    (wave,) = waves(np.ones(rate), rate, start=rate)
    heard = np.flatnonzero(wave.heard) - MARGIN
    assert heard[0] == pytest.approx(RATE, abs=2)
    assert heard[-1] == pytest.approx(2 * RATE - 1, abs=2)
    assert len(heard) == heard[-1] - heard[0] + 1


def test_above_8_khz_nothing_is_left():
    tone = np.sin(2 * np.pi * 10_000 * np.arange(4 * 48_000) / 48_000)
    (wave,) = waves(tone, 48_000)
    assert np.abs(wave.samples[1000:-1000]).max() < 0.01
