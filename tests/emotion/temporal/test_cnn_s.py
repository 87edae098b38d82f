import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS, taper
from streamfer.emotion.windows import Windows, gather
from tests.emotion.sightings import observe

LENGTHS = st.integers(1, 49).map(lambda half: 2 * half + 1)
SHAPES = st.sampled_from(["hann", "hamming"])


def one_window(ticks: list[int], window_ticks: int, context_ticks: int = 0) -> Windows:
    """The window that begins at tick 200, of a face that is seen at `ticks` from there on."""
    return gather(
        observe([(0, 200 + tick) for tick in ticks]),
        range(1, 2),
        window_ticks=window_ticks,
        stride_ticks=200,
        context_ticks=context_ticks,
    )


@st.composite
def window_sightings(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A window's length, and in which of its ticks the face is seen."""
    window_ticks = draw(st.integers(1, 99))
    return window_ticks, sorted(draw(st.sets(st.integers(0, window_ticks - 1), min_size=1)))


def equation_1(n: float, length: int) -> float:
    """The weight that eq. 1 means, `n` samples from the centre of `length`."""
    return 0.5 + 0.5 * math.cos(2 * math.pi * n / (length - 1))


@given(LENGTHS)
def test_equation_1_as_meant_is_the_hann_window_of_numpy(length):
    half = (length - 1) // 2
    meant = [equation_1(n, length) for n in range(-half, half + 1)]

    np.testing.assert_allclose(np.hanning(length), meant, rtol=0, atol=1e-12)
    np.testing.assert_allclose(taper("hann", length - 2), meant[1:-1], rtol=0, atol=1e-12)


@given(LENGTHS)
def test_equation_1_as_printed_is_not_taken_literally(length):
    """As printed: 0.5 - 0.5 cos(2πn / (l - 1)), for the l numbers n of every second from -l."""
    n = np.arange(1 - length, length, 2)
    literal = 0.5 - 0.5 * np.cos(2 * np.pi * n / (length - 1))

    assert len(n) == length
    assert literal[length // 2] == 0
    assert taper("hann", length)[length // 2] == taper("hann", length).max() == 1


def test_the_face_in_the_middle_counts_most_where_the_printed_equation_forgets_it():
    windows = one_window([34, 35, 36], window_ticks=71)
    middle = windows.probabilities[0, 35]

    row = CnnS().recognise(windows)[0]

    beside = (windows.probabilities[0, 34] + windows.probabilities[0, 36]) / 2
    share = np.dot(row - beside, middle - beside) / np.dot(middle - beside, middle - beside)
    weight = equation_1(1, 73)
    assert share == pytest.approx(1 / (1 + 2 * weight), abs=1e-5)


@given(st.integers(1, 99), SHAPES)
def test_weights_are_positive_symmetric_and_heaviest_in_the_middle(samples, shape):
    weights = taper(shape, samples)

    assert len(weights) == samples
    assert (weights > 0).all()
    np.testing.assert_allclose(weights, weights[::-1], rtol=0, atol=1e-12)
    assert (np.diff(weights[: (samples + 1) // 2]) > 0).all()
    if samples % 2:
        assert weights[samples // 2] == pytest.approx(1)


@given(window_sightings())
def test_the_default_is_one_hann_window_over_the_usable_samples(sighting):
    window_ticks, ticks = sighting
    windows = one_window(ticks, window_ticks)
    # Equation 1 as meant, for a window of l = T + 2 samples whose two zero ends lie outside.
    weights = [equation_1(tick + 1 - (window_ticks + 1) / 2, window_ticks + 2) for tick in ticks]
    total = np.dot(weights, windows.probabilities[0, ticks].astype(float))

    found = CnnS().recognise(windows)

    assert (found.shape, found.dtype) == ((1, 7), np.float32)
    np.testing.assert_allclose(found[0], total / sum(weights), rtol=0, atol=1e-6)


@given(window_sightings())
def test_hamming_weighs_as_numpy_does(sighting):
    window_ticks, ticks = sighting
    windows = one_window(ticks, window_ticks)
    weights = np.hamming(window_ticks)[ticks]
    total = weights @ windows.probabilities[0, ticks].astype(float)

    found = CnnS(shape="hamming").recognise(windows)

    np.testing.assert_allclose(found[0], total / weights.sum(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", ["hann", "hamming"])
@pytest.mark.parametrize("tick", [0, 9])
def test_a_face_seen_only_at_an_edge_keeps_its_probabilities(tick, shape):
    windows = one_window([tick], window_ticks=10)

    # With the zero ends inside the window, as eq. 1 has them, this would be 0/0.
    assert np.hanning(10)[tick] == 0
    for method in (CnnS(shape=shape), CnnS(3, shape), CnnS(71, shape)):
        np.testing.assert_allclose(
            method.recognise(windows)[0], windows.probabilities[0, tick], rtol=0, atol=1e-6
        )


@given(LENGTHS, st.integers(1, 12), SHAPES)
def test_a_face_that_is_always_seen_is_smoothed_sample_by_sample_and_averaged(
    length, window_ticks, shape
):
    half = length // 2
    windows = one_window(list(range(-half, window_ticks + half)), window_ticks, half)
    frames = windows.probabilities[0].astype(float)
    around = np.hanning(length + 2)[1:-1] if shape == "hann" else np.hamming(length)
    smoothed = [around @ frames[t : t + length] / around.sum() for t in range(window_ticks)]

    found = CnnS(length, shape, context_s=half / 5).recognise(windows)

    np.testing.assert_allclose(found[0], np.mean(smoothed, axis=0), rtol=0, atol=1e-6)


@given(LENGTHS, st.integers(1, 12), SHAPES, st.booleans(), st.data())
def test_with_gaps_and_edges_each_usable_sample_weighs_what_it_adds_to_all(
    length, window_ticks, shape, beyond, data
):
    half = length // 2 if beyond else 0
    there = data.draw(st.sets(st.integers(-half, window_ticks + half - 1)))
    there |= {data.draw(st.integers(0, window_ticks - 1))}
    windows = one_window(sorted(there), window_ticks, half)
    around = np.hanning(length + 2)[1:-1] if shape == "hann" else np.hamming(length)
    total, weight_sum = np.zeros(7), 0.0
    for smoothed in range(window_ticks):
        for tick in there:
            offset = tick - smoothed + length // 2
            if 0 <= offset < length:
                total += around[offset] * windows.probabilities[0, tick + half]
                weight_sum += around[offset]

    found = CnnS(length, shape, context_s=half / 5).recognise(windows)

    np.testing.assert_allclose(found[0], total / weight_sum, rtol=0, atol=1e-6)


def test_at_the_edge_window_nothing_outside_is_used():
    inside, more = list(range(10)), list(range(-35, 45))
    method = CnnS.of(Analysis(smoothing="71 frames"))

    assert method.context_s == 0
    np.testing.assert_array_equal(
        method.recognise(one_window(inside, 10)), method.recognise(one_window(more, 10))
    )


@pytest.mark.parametrize(
    ("smoothing", "fps", "context_s"),
    [("71 frames", 5, 7.0), ("71 frames", 10, 3.5), ("2.2 s", 5, 1.0), ("3 frames", 5, 0.2)],
)
def test_at_the_edge_track_it_says_how_far_it_looks(smoothing, fps, context_s):
    settings = Analysis(fps=fps, smoothing=smoothing, smoothing_edge="track")

    assert CnnS.of(settings).context_s == pytest.approx(context_s)
