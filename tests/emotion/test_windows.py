"""Windows against their definition, tick by tick."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.emotion.windows import Observations, Windows, gather, windows_starting_in


@st.composite
def grids(draw: st.DrawFn) -> dict[str, int]:
    window_ticks = draw(st.integers(1, 12))
    return {
        "window_ticks": window_ticks,
        "stride_ticks": draw(st.integers(1, window_ticks)),
        "context_ticks": draw(st.integers(0, 6)),
    }


# Which (track, tick) were seen; the order of the set is the order of the rows.
seen = st.lists(st.tuples(st.sampled_from([0, 3, 7]), st.integers(0, 60)), unique=True, max_size=80)


def observe(pairs: list[tuple[int, int]]) -> Observations:
    """Observations whose vectors tell track and tick."""
    rows = np.array(pairs, np.int32).reshape(-1, 2)
    track, tick = rows.T
    told = (track * 1000 + tick + 1).astype(np.float32)[:, None]
    return Observations(track, tick, told * np.ones(512, "f4"), told * np.ones(7, "f4"))


def laid_out(windows: Windows) -> dict[tuple[int, int], list[int | None]]:
    """For each (track, window), what is seen at each of its samples."""
    told = windows.embeddings[:, :, 0]
    return {
        (int(track), int(window)): [
            int(value) if there else None for value, there in zip(row, present, strict=True)
        ]
        for track, window, row, present in zip(
            windows.track, windows.window, told, windows.present, strict=True
        )
    }


@given(seen, grids(), st.integers(0, 20), st.integers(0, 20))
def test_windows_hold_what_their_definition_says(pairs, grid, first, count):
    w, s, c = grid["window_ticks"], grid["stride_ticks"], grid["context_ticks"]
    there = set(pairs)
    expected = {}
    for track in (0, 3, 7):
        for window in range(first, first + count):
            proper = range(window * s, window * s + w)
            if any((track, tick) in there for tick in proper):
                expected[track, window] = [
                    track * 1000 + tick + 1 if (track, tick) in there else None
                    for tick in range(proper.start - c, proper.stop + c)
                ]

    windows = gather(observe(pairs), range(first, first + count), **grid)

    assert laid_out(windows) == expected
    assert len(windows) == len(expected)
    assert list(zip(windows.track, windows.window, strict=True)) == sorted(expected)


@given(seen, grids())
def test_every_sample_is_in_the_windows_that_cover_its_tick(pairs, grid):
    windows = gather(observe(pairs), range(-20, 100), **grid)
    inner = slice(grid["context_ticks"], grid["context_ticks"] + grid["window_ticks"])
    covered = np.where(windows.present, windows.embeddings[:, :, 0], 0)[:, inner]

    for track, tick in pairs:
        found = windows.window[(covered == track * 1000 + tick + 1).any(axis=1)]
        assert list(found) == [
            w
            for w in range(-20, 100)
            if w * grid["stride_ticks"] <= tick < w * grid["stride_ticks"] + grid["window_ticks"]
        ]


@given(seen, grids(), st.integers(1, 10_000_000))
def test_shifting_by_whole_strides_shifts_the_windows_only(pairs, grid, strides):
    later = [(track, tick + strides * grid["stride_ticks"]) for track, tick in pairs]

    here = gather(observe(pairs), range(100), **grid)
    there = gather(observe(later), range(strides, strides + 100), **grid)

    np.testing.assert_array_equal(there.window - strides, here.window)
    np.testing.assert_array_equal(there.track, here.track)
    np.testing.assert_array_equal(there.index, here.index)
    np.testing.assert_array_equal(there.present, here.present)


@given(seen, grids(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(pairs, grid, random):
    shuffled = random.sample(pairs, len(pairs))

    assert laid_out(gather(observe(shuffled), range(100), **grid)) == laid_out(
        gather(observe(pairs), range(100), **grid)
    )


@given(seen, grids())
def test_counts_and_means_leave_the_context_out(pairs, grid):
    observations = observe(pairs)
    values = observations.embeddings[:, 0]
    windows = gather(observations, range(100), **grid)
    inner = slice(grid["context_ticks"], grid["context_ticks"] + grid["window_ticks"])

    means = windows.mean(values)

    for i, row in enumerate(laid_out(windows).values()):
        samples = [value for value in row[inner] if value is not None]
        assert windows.faces[i] == len(samples)
        assert means[i] == pytest.approx(sum(samples) / len(samples), rel=1e-12)


@given(st.integers(-50, 200), st.integers(0, 200), st.integers(1, 15))
def test_windows_starting_in_a_stretch(first, length, stride):
    assert list(windows_starting_in(first, first + length, stride)) == [
        w for w in range(-100, 500) if first <= w * stride < first + length
    ]


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6), st.integers(1, 15))
def test_neighbouring_stretches_share_the_windows_out(ends, stride):
    ends = sorted(ends)
    parts = [
        w
        for first, last in itertools.pairwise(ends)
        for w in windows_starting_in(first, last, stride)
    ]

    assert parts == list(windows_starting_in(ends[0], ends[-1], stride))


def test_a_face_seen_only_in_the_context_is_in_no_window():
    windows = gather(
        observe([(0, 9), (0, 20)]), range(1, 2), window_ticks=10, stride_ticks=10, context_ticks=5
    )

    assert len(windows) == 0


def test_absent_samples_are_zero():
    windows = gather(observe([(0, 4)]), range(1), window_ticks=10, stride_ticks=5)

    assert windows.embeddings.shape == (1, 10, 512)
    assert windows.probabilities.shape == (1, 10, 7)
    assert windows.embeddings.dtype == windows.probabilities.dtype == np.float32
    assert np.flatnonzero(windows.probabilities[0, :, 0]).tolist() == [4]


def test_a_video_without_faces_has_no_windows():
    windows = gather(observe([]), range(10), window_ticks=10, stride_ticks=5)

    assert len(windows) == 0
    assert windows.embeddings.shape == (0, 10, 512)
    assert windows.mean(np.empty(0, np.float32)).shape == (0,)
