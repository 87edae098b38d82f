"""Windows against their definition, tick by tick."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.emotion.windows import Windows, WindowSound, gather, windows_starting_in
from streamfer.media.sampling import Grid, nearest_frames
from tests.emotion.sightings import TRACKS, grids, observe, policies, sightings, tell
from tests.media.reference import choose


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


@given(sightings, grids(), st.integers(0, 20), st.integers(0, 20))
def test_windows_hold_what_their_definition_says(pairs, grid, first, count):
    w, s, c = grid["window_ticks"], grid["stride_ticks"], grid["context_ticks"]
    there = set(pairs)
    expected = {}
    for track in TRACKS:
        for window in range(first, first + count):
            proper = range(window * s, window * s + w)
            if any((track, tick) in there for tick in proper):
                expected[track, window] = [
                    tell(track, tick) if (track, tick) in there else None
                    for tick in range(proper.start - c, proper.stop + c)
                ]

    windows = gather(observe(pairs), range(first, first + count), **grid)

    assert laid_out(windows) == expected
    assert len(windows) == len(expected)
    assert list(zip(windows.track, windows.window, strict=True)) == sorted(expected)


@given(sightings, grids())
def test_every_sample_is_in_the_windows_that_cover_its_tick(pairs, grid):
    windows = gather(observe(pairs), range(-20, 100), **grid)
    inner = slice(grid["context_ticks"], grid["context_ticks"] + grid["window_ticks"])
    covered = np.where(windows.present, windows.embeddings[:, :, 0], 0)[:, inner]

    for track, tick in pairs:
        found = windows.window[(covered == tell(track, tick)).any(axis=1)]
        assert list(found) == [
            w
            for w in range(-20, 100)
            if w * grid["stride_ticks"] <= tick < w * grid["stride_ticks"] + grid["window_ticks"]
        ]


@given(sightings, grids(), st.integers(1, 10_000_000))
def test_shifting_by_whole_strides_shifts_the_windows_only(pairs, grid, strides):
    later = [(track, tick + strides * grid["stride_ticks"]) for track, tick in pairs]

    here = gather(observe(pairs), range(100), **grid)
    there = gather(observe(later), range(strides, strides + 100), **grid)

    np.testing.assert_array_equal(there.window - strides, here.window)
    np.testing.assert_array_equal(there.track, here.track)
    np.testing.assert_array_equal(there.index, here.index)
    np.testing.assert_array_equal(there.present, here.present)


@given(sightings, grids(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(pairs, grid, random):
    shuffled = random.sample(pairs, len(pairs))

    assert laid_out(gather(observe(shuffled), range(100), **grid)) == laid_out(
        gather(observe(pairs), range(100), **grid)
    )


@given(sightings, grids())
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


def test_a_track_of_one_face_is_zero_everywhere_else():
    windows = gather(observe([(0, 4)]), range(1), window_ticks=10, stride_ticks=5)

    assert windows.embeddings.shape == (1, 10, 512)
    assert windows.probabilities.shape == (1, 10, 7)
    assert windows.embeddings.dtype == windows.probabilities.dtype == np.float32
    assert windows.embeddings.any(axis=2).nonzero()[1].tolist() == [4]
    assert windows.probabilities.any(axis=2).nonzero()[1].tolist() == [4]
    assert windows.faces.tolist() == [1]


def test_a_video_shorter_than_the_window_has_its_one_window():
    windows = gather(observe([(0, 0), (0, 1), (0, 2)]), range(1), window_ticks=10, stride_ticks=5)

    assert (windows.window.tolist(), windows.faces.tolist()) == ([0], [3])


@given(sightings, grids(), policies)
def test_the_policy_for_gaps_changes_no_coverage_and_no_mean(pairs, grid, policy):
    observations = observe(pairs)
    values = observations.embeddings[:, 0]
    masked = gather(observations, range(100), **grid)

    filled = gather(observations, range(100), **grid, **policy)

    np.testing.assert_array_equal(filled.window, masked.window)
    np.testing.assert_array_equal(filled.present, masked.present)
    np.testing.assert_array_equal(filled.faces, masked.faces)
    np.testing.assert_array_equal(filled.mean(values), masked.mean(values))


@given(sightings, grids(), policies)
def test_what_fills_a_gap_is_a_face_of_the_same_samples(pairs, grid, policy):
    windows = gather(observe(pairs), range(100), **grid, **policy)

    assert (windows.usable >= windows.present).all()
    told = windows.embeddings[:, :, 0]
    np.testing.assert_array_equal(told > 0, windows.usable)
    np.testing.assert_array_equal(windows.probabilities.any(axis=2), windows.usable)
    masked = gather(observe(pairs), range(100), **grid).embeddings[:, :, 0]
    np.testing.assert_array_equal(told[windows.present], masked[windows.present])
    for row, seen in zip(told, masked, strict=True):
        assert set(row) <= {0, *seen}


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"gaps": "mask"}, [0, 2, 0, 0, 5, 0, 0, 0, 9, 0]),
        ({"gaps": "hold", "hold_ticks": 2}, [0, 2, 2, 2, 5, 0, 0, 0, 9, 0]),
        ({"gaps": "hold", "hold_ticks": 3}, [0, 2, 2, 2, 5, 5, 5, 5, 9, 0]),
        ({"gaps": "repeat"}, [2, 2, 2, 2, 5, 5, 5, 5, 9, 9]),
    ],
)
def test_gaps_of_one_window_by_each_policy(policy, told):
    # The faces at 10 and 11, beyond the window, are never what a gap in it is filled with.
    pairs = [(0, tick) for tick in (1, 4, 8, 10, 11)]

    windows = gather(observe(pairs), range(1), window_ticks=10, stride_ticks=5, **policy)

    assert windows.embeddings[0, :, 0].tolist() == told


@given(sightings, grids(), policies, st.data())
def test_a_face_with_a_number_that_is_not_finite_is_not_seen(pairs, grid, policy, data):
    observations = observe(pairs)
    broken = data.draw(st.sets(st.sampled_from(range(len(pairs))))) if pairs else set()
    for row in broken:
        column = data.draw(st.integers(0, 6))
        values = data.draw(st.sampled_from([observations.embeddings, observations.probabilities]))
        values[row, column] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    kept = [pair for row, pair in enumerate(pairs) if row not in broken]

    windows = gather(observations, range(100), **grid, **policy)

    expected = gather(observe(kept), range(100), **grid, **policy)
    for name in ("track", "window", "present", "usable", "embeddings", "probabilities"):
        np.testing.assert_array_equal(getattr(windows, name), getattr(expected, name), name)


@st.composite
def films(draw: st.DrawFn) -> tuple[list[int], list[bool]]:
    """When the frames of a film are shown, milliseconds, and in which a face is seen."""
    times = sorted(draw(st.lists(st.integers(0, 9_000), min_size=1, max_size=70, unique=True)))
    return times, [draw(st.booleans()) for _ in times]


def film_windows(times: list[int], seen: list[bool], start: int) -> Windows:
    """The windows of a film whose clock is `start` milliseconds late."""
    frames = zip([time + start for time in times], seen, strict=True)
    grid = Grid(5, Fraction(1, 1000), Fraction(start, 1000))
    ticks = [tick for tick, _, face in nearest_frames(frames, grid, 0, None) if face]
    return gather(
        observe([(0, tick) for tick in ticks]), range(10), window_ticks=10, stride_ticks=5
    )


@given(films())
def test_coverage_counts_the_frames_nearest_to_the_ticks_of_two_seconds(film):
    times, seen = film
    served = choose([Fraction(time, 1000) for time in times], 5)
    faces = [
        sum(seen[frame] for tick, frame in served.items() if 5 * w <= tick < 5 * w + 10)
        for w in range(10)
    ]

    windows = film_windows(times, seen, start=0)

    assert windows.window.tolist() == [w for w in range(10) if faces[w]]
    assert windows.faces.tolist() == [count for count in faces if count]


@given(films(), st.integers(-(10**9), 10**9))
def test_a_shift_of_the_clock_changes_no_window(film, start):
    shifted, plain = film_windows(*film, start), film_windows(*film, 0)

    for name in ("window", "present", "index"):
        np.testing.assert_array_equal(getattr(shifted, name), getattr(plain, name))


@given(st.lists(sightings, min_size=1, max_size=4), grids(), policies, st.booleans())
def test_concatenated_windows_are_those_of_the_parts(requests, grid, policy, sound):
    parts = [gather(observe(pairs), range(100), **grid, **policy) for pairs in requests]
    if sound:
        parts = [
            replace(part, sound=WindowSound(part.embeddings[:, 0, :128], part.faces.astype("f4")))
            for part in parts
        ]

    together = Windows.concatenate(parts)

    assert len(together) == sum(map(len, parts))
    assert together.context_ticks == grid["context_ticks"]
    first = 0
    for part in parts:
        rows = slice(first, first + len(part))
        for name in ("track", "window", "present", "usable", "embeddings", "probabilities"):
            np.testing.assert_array_equal(getattr(together, name)[rows], getattr(part, name))
        np.testing.assert_array_equal(together.faces[rows], part.faces)
        if sound:
            np.testing.assert_array_equal(together.sound.mel[rows], part.sound.mel)
            np.testing.assert_array_equal(together.sound.heard[rows], part.sound.heard)
        first += len(part)
    assert sound or together.sound is None


def test_a_video_without_faces_has_no_windows():
    windows = gather(observe([]), range(10), window_ticks=10, stride_ticks=5)

    assert len(windows) == 0
    assert windows.embeddings.shape == (0, 10, 512)
    assert windows.mean(np.empty(0, np.float32)).shape == (0,)
