"""Points say what the windows say, as finely as there is room for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamfer.report.points import BYTES, FINEST, Points, finest, to_points
from streamfer.report.tables import Track


def track(window: list[int], seed: int = 0) -> Track:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(7), len(window)).astype(np.float32)
    coverage = rng.integers(1, 11, len(window)) / 10
    return Track(np.array(window), p, coverage, p.argmax(axis=1), window[0], window[-1] + 2)


def planes(points: Points) -> np.ndarray:
    """(8, count)"""
    return np.frombuffer(points.data, np.uint8).reshape(8, points.count).astype(int)


windows = st.lists(st.integers(0, 300), min_size=1, unique=True).map(sorted)


@given(windows, st.integers(0, 9))
def test_with_room_every_window_is_a_point(window: list[int], seed: int):
    one = track(window, seed)
    points = to_points(one, FINEST)
    assert (points.first, points.step, points.count) == (
        window[0],
        1,
        window[-1] - window[0] + 1,
    )
    values = planes(points)
    at = np.array(window) - window[0]
    assert np.abs(values[:7, at] / 255 - one.probabilities.T).max() < 4 / 255
    assert np.abs(values[7, at] / 255 - one.coverage).max() <= 0.5 / 255 + 1e-9
    assert (values[:7, at].sum(axis=0) == 255).all()
    away = np.setdiff1d(np.arange(points.count), at)
    assert not values[:, away].any()


@given(windows, st.integers(1, 40))
def test_coarser_points_are_means_of_their_windows(window: list[int], limit: int):
    one = track(window)
    points = to_points(one, limit)
    values = planes(points) / 255
    assert points.count <= limit
    for i in range(points.count):
        first = points.first + i * points.step
        last = min(first + points.step, window[-1] + 1)
        inside = (one.window >= first) & (one.window < last)
        assert abs(values[7, i] - one.coverage[inside].sum() / (last - first)) <= 0.5 / 255 + 1e-9
        if inside.any():
            mean = np.average(one.probabilities[inside], axis=0, weights=one.coverage[inside])
            assert np.abs(values[:7, i] - mean).max() < 4 / 255


@given(st.lists(windows, min_size=1, max_size=8), st.integers(800, 30_000))
def test_points_keep_within_the_room_and_long_tracks_pay_first(spans: list[list[int]], room: int):
    tracks = [track(window) for window in spans]
    limit = finest(tracks, room)
    points = [to_points(one, limit) for one in tracks]
    assert sum(len(p.data) for p in points) <= room or limit < 32
    for one, p in zip(tracks, points, strict=True):
        assert p.step == 1 or one.window[-1] - one.window[0] >= limit


def test_a_track_from_the_first_to_the_last_possible_window_is_no_giant():
    points = to_points(track([0, 2**31 - 1]), FINEST)
    assert len(points.data) <= BYTES * FINEST
