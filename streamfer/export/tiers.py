"""Episodes as tiers, as annotation tools have them: rows of labelled intervals, one a track."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

import pyarrow as pa

Interval: TypeAlias = tuple[int, int, str]
"""First and last moment in milliseconds, and the label."""


def tiers(episodes: pa.Table) -> Iterator[tuple[str, list[Interval]]]:
    """A name and the intervals, rising and without overlap, of each track of one video."""
    for track, rows in groupby(episodes.to_pylist(), key=itemgetter("track_id")):
        intervals = [
            (round(1000 * row["start_s"]), round(1000 * row["end_s"]), row["emotion"])
            for row in rows
        ]
        yield f"track {track}", intervals
