import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.emotion.temporal.cnn_s import CnnS, hann
from streamfer.emotion.windows import Observations, gather


def recognise(ticks: list[int], probabilities: np.ndarray, window_ticks: int) -> np.ndarray:
    """CNN-S on one window that begins at tick 0."""
    observations = Observations(
        np.zeros(len(ticks), np.int32),
        np.array(ticks, np.int32),
        np.zeros((len(ticks), 512), np.float32),
        probabilities.astype(np.float32),
    )
    windows = gather(observations, range(1), window_ticks=window_ticks, stride_ticks=window_ticks)
    return CnnS().recognise(windows)


def distributions(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(7, 0.3), count)


@st.composite
def sightings(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A window's length, and in which of its ticks the face is seen."""
    window_ticks = draw(st.integers(1, 99))
    ticks = draw(st.sets(st.integers(0, window_ticks - 1), min_size=1))
    return window_ticks, sorted(ticks)


@given(sightings(), st.integers(0, 2**32 - 1))
def test_it_is_the_papers_weighted_mean_over_the_samples_present(sighting, seed):
    window_ticks, ticks = sighting
    frames = distributions(len(ticks), seed).astype(np.float32)
    # Equation 1 as meant, for a window of l = T + 2 samples whose two zero ends lie outside.
    length = window_ticks + 2
    total, weight_sum = [0.0] * 7, 0.0
    for tick, frame in zip(ticks, frames, strict=True):
        n = tick + 1 - (length - 1) / 2
        weight = 0.5 + 0.5 * math.cos(2 * math.pi * n / (length - 1))
        weight_sum += weight
        for emotion in range(7):
            total[emotion] += weight * float(frame[emotion])

    found = recognise(ticks, frames, window_ticks)

    assert found.shape == (1, 7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], np.array(total) / weight_sum, rtol=0, atol=1e-6)


@given(sightings(), st.integers(0, 2**32 - 1))
def test_probabilities_sum_to_one(sighting, seed):
    window_ticks, ticks = sighting

    found = recognise(ticks, distributions(len(ticks), seed), window_ticks)

    assert abs(float(found.sum(dtype=np.float64)) - 1) < 1e-6
    assert (found >= 0).all()


@pytest.mark.parametrize("tick", [0, 9])
def test_a_face_seen_only_at_an_edge_keeps_its_probabilities(tick):
    frame = distributions(1, seed=5)

    found = recognise([tick], frame, window_ticks=10)

    # With the zero ends inside the window, as eq. 1 has them, this would be 0/0.
    assert np.hanning(10)[tick] == 0
    np.testing.assert_allclose(found, frame, rtol=0, atol=1e-6)


@given(st.integers(1, 99))
def test_weights_are_positive_symmetric_and_heaviest_in_the_middle(samples):
    weights = hann(samples)

    assert len(weights) == samples
    assert (weights > 0).all()
    np.testing.assert_allclose(weights, weights[::-1], rtol=0, atol=1e-12)
    assert (np.diff(weights[: (samples + 1) // 2]) > 0).all()
    if samples % 2:
        assert weights[samples // 2] == pytest.approx(1)


def test_the_sign_that_eq_1_prints_is_not_taken_literally():
    length = 21
    n = np.arange(length) - length // 2
    literal = 0.5 - 0.5 * np.cos(2 * np.pi * n / (length - 1))

    assert (np.argmin(literal), np.argmax(literal)) == (10, 0)  # nothing in the middle
    assert (np.argmin(hann(length)), np.argmax(hann(length))) == (0, 10)


def test_windows_do_not_influence_each_other():
    frames = distributions(20, seed=11)
    columns = (
        np.repeat([0, 1], 10).astype(np.int32),
        np.tile(np.arange(10, dtype=np.int32), 2),
        np.zeros((20, 512), np.float32),
        frames.astype(np.float32),
    )
    both = gather(Observations(*columns), range(1), window_ticks=10, stride_ticks=10)

    together = CnnS().recognise(both)

    alone = [recognise(list(range(10)), part, 10)[0] for part in (frames[:10], frames[10:])]
    np.testing.assert_array_equal(together, alone)


def test_no_windows_give_no_rows():
    empty = np.empty(0, np.int32)
    observations = Observations(
        empty, empty, np.empty((0, 512), np.float32), np.empty((0, 7), np.float32)
    )

    found = CnnS().recognise(gather(observations, range(5), window_ticks=10, stride_ticks=5))

    assert found.shape == (0, 7)
