"""Tracks of neighbouring segments, made one.

In the ticks that two neighbours both read they find the same faces, so a track of one is the
track of the other with which it shares most boxes. The shared stretch is two margins long and
a margin is at least a track's longest gap: a track that is alive at the seam has been seen in
it by both, even if its face is hidden at the seam itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

Ends = tuple[pa.Table, pa.Table]
"""The tables `tracks` and `seam` of a segment's result."""

# Neighbours agree to rounding; other faces differ by far more. Fractions of the picture.
_SAME_BOX = 1e-3


# When a track that a segment saw in its margins alone was first seen by it.
_NEVER = (2**31, 0.0, 0.0)


@dataclass(frozen=True)
class _Track:
    samples: int
    first: tuple[int, float, float]

    def joined(self, other: _Track) -> _Track:
        return _Track(self.samples + other.samples, min(self.first, other.first))


def stitch(segments: Sequence[Ends | None], min_samples: int) -> tuple[list[dict[int, int]], int]:
    """The video's track number for each segment's local ones, and how many tracks there are.

    `segments` are in order; None stands for one that is missing, over which no track reaches.
    A track sampled fewer than `min_samples` times in the whole video is left out of the maps.
    Numbers run from 0 by the time of a track's first face, then by its place from left to
    right and from top to bottom.
    """
    chains: list[_Track] = []
    local_to_chain: list[dict[int, int]] = []
    previous: pa.Table | None = None
    for segment in segments:
        chain_of: dict[int, int] = {}
        seam = None
        if segment is not None:
            tracks, seam = segment
            links = _links(previous, seam) if previous is not None else {}
            for row in tracks.to_pylist():
                first = (row["first_tick"], row["first_x"], row["first_y"])
                track = _Track(row["samples"], first if row["samples"] else _NEVER)
                local = row["track"]
                if local in links:
                    chain_of[local] = chain = local_to_chain[-1][links[local]]
                    chains[chain] = chains[chain].joined(track)
                else:
                    chain_of[local] = len(chains)
                    chains.append(track)
        local_to_chain.append(chain_of)
        previous = seam
    kept = [n for n, chain in enumerate(chains) if chain.samples >= max(1, min_samples)]
    number = {n: i for i, n in enumerate(sorted(kept, key=lambda n: chains[n].first))}
    maps = [
        {local: number[chain] for local, chain in chain_of.items() if chain in number}
        for chain_of in local_to_chain
    ]
    return maps, len(number)


def _links(before: pa.Table, after: pa.Table) -> dict[int, int]:
    """For tracks of a later seam, the earlier one's that share most boxes; one to one."""
    earlier, later = _boxes_by_tick(before), _boxes_by_tick(after)
    shared: Counter[tuple[int, int]] = Counter()
    for tick in earlier.keys() & later.keys():
        (tracks_a, boxes_a), (tracks_b, boxes_b) = earlier[tick], later[tick]
        difference = np.abs(boxes_a[:, None] - boxes_b[None]).max(axis=2)
        for a, b in zip(*np.nonzero(difference < _SAME_BOX), strict=True):
            shared[int(tracks_a[a]), int(tracks_b[b])] += 1
    links: dict[int, int] = {}
    for (a, b), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if b not in links and a not in links.values():
            links[b] = a
    return links


def _boxes_by_tick(seam: pa.Table) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    columns = {name: seam[name].to_numpy() for name in seam.column_names}
    boxes = np.stack([columns[f"face_{side}"] for side in "xywh"], axis=1)
    ticks = columns["tick"]
    order = np.argsort(ticks, kind="stable")
    starts = np.flatnonzero(np.diff(ticks[order], prepend=-1))
    return {
        int(ticks[rows[0]]): (columns["track"][rows], boxes[rows])
        for rows in np.split(order, starts[1:])
        if len(rows)
    }
