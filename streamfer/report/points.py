"""A track's windows as a few bytes, and how fine they may be for the page to stay small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamfer.report.tables import Track

BYTES = 8
"""Of one point: seven probabilities and the coverage."""

FINEST = 20_000
"""The most points of a track, five and a half hours of windows: a screen shows a tenth of them."""

_COARSEST = 16


@dataclass(frozen=True)
class Points:
    """A track as `count` points at equal distances, each of `step` windows from `first` on.

    `data` holds eight runs of `count` bytes: the seven probabilities, and the coverage, each times
    255. A point is the mean of its windows in which the face was seen, weighted by how often; its
    seven sum to 255, or to 0 where the face was in none.
    """

    first: int
    step: int
    count: int
    data: bytes


def finest(tracks: Iterable[Track], room: int) -> int:
    """How many points a track may have for the points of all to fit into `room` bytes.

    Short tracks keep every window; the longest become coarser first.
    """
    spans = np.array([_span(track) for track in tracks], np.int64)
    limit = FINEST
    while limit > _COARSEST and BYTES * np.minimum(spans, limit).sum() > room:
        limit //= 2
    return limit


def to_points(track: Track, limit: int) -> Points:
    """A track as no more than `limit` points."""
    step = -(-_span(track) // limit)
    count = -(-_span(track) // step)
    first = int(track.window[0])
    point = (track.window - first) // step
    seen = np.bincount(point, track.coverage, count)
    sums = np.stack(
        [np.bincount(point, track.coverage * p, count) for p in track.probabilities.T.astype(float)]
    )
    shares = sums / np.maximum(sums.sum(axis=0), 1e-9)
    windows = np.minimum(step, _span(track) - step * np.arange(count))  # the last may have fewer
    data = np.vstack([_to_bytes(shares), _rounded(seen / windows)]).tobytes()
    return Points(first, step, count, data)


def _span(track: Track) -> int:
    return int(track.window[-1] - track.window[0]) + 1


def _to_bytes(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(7, count) shares as bytes; what rounding leaves over goes to the largest."""
    whole = _rounded(shares).astype(np.int64)
    rest = np.where(shares.any(axis=0), 255 - whole.sum(axis=0), 0)
    whole[shares.argmax(axis=0), np.arange(shares.shape[1])] += rest
    return whole.astype(np.uint8)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(255 * values).astype(np.uint8)
