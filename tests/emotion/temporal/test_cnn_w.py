import numpy as np
from hypothesis import given

from streamfer.emotion.temporal.cnn_w import CnnW
from streamfer.emotion.windows import gather
from tests.emotion.sightings import grids, observe, policies, sightings


@given(sightings, grids(context=0), policies)
def test_it_is_the_normalised_sum_of_the_usable_frames(pairs, grid, policy):
    observations = observe(pairs)
    windows = gather(observations, range(100), **grid, **policy)

    found = CnnW().recognise(windows)

    assert (found.shape, found.dtype) == ((len(windows), 7), np.float32)
    for row, index, usable in zip(found, windows.index, windows.usable, strict=True):
        total = [0.0] * 7
        for at in index[usable]:
            total = [
                a + float(b) for a, b in zip(total, observations.probabilities[at], strict=True)
            ]
        np.testing.assert_allclose(row, [value / sum(total) for value in total], rtol=0, atol=1e-6)


def test_a_repeated_face_counts_as_often_as_it_is_repeated():
    observations = observe([(0, 2), (0, 8)])
    first, second = observations.probabilities
    grid = {"window_ticks": 10, "stride_ticks": 5}

    masked = CnnW().recognise(gather(observations, range(1), **grid))
    repeated = CnnW().recognise(gather(observations, range(1), **grid, gaps="repeat"))

    np.testing.assert_allclose(masked[0], (first + second) / 2, atol=1e-6)
    np.testing.assert_allclose(repeated[0], (8 * first + 2 * second) / 10, atol=1e-6)
