"""Gives every face the number of its track: one person's continuous presence in one shot.

A face moves by up to its own size between two samples at 5 FPS, so that overlap alone breaks
tracks of people who walk. Here each track predicts where its face should be (its velocity of
the last second, damped), a face within reach of the prediction may continue it, and the
assignment with the least total cost is taken. A track that is not seen is kept for a while,
its reach growing; a face that turns up after such a gap must also look alike (see `_look`).

A track's state is what was seen of it in one second before it was last seen, and tracks are
dropped after the longest gap. So a tracker that starts later in the same video soon links the
same faces as one that started earlier, which is what lets segments be stitched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from streamfer.faces.detections import Faces, Floats, Picture

Numbers = NDArray[np.int32]

# Distances are in sizes of the face: the square root of its box's area.
_REACH = 1.0  # from the prediction, for a face seen one tick ago
_REACH_GROWTH = 0.15  # for each further tick
_LARGEST_REACH = 2.0
_SIZE_RATIO = 2.0
_DAMPING = 0.9  # of the velocity, from tick to tick
_UNLIKE = 0.5  # the largest difference in looks across a gap


@dataclass
class _Track:
    """The recent sightings of one face, oldest first."""

    number: int
    ticks: list[int] = field(default_factory=list)
    places: list[NDArray[np.float64]] = field(default_factory=list)
    looks: list[NDArray[np.float64]] = field(default_factory=list)

    def see(self, tick: int, place: Floats, look: Floats, memory: int) -> None:
        self.ticks.append(tick)
        self.places.append(place)
        self.looks.append(look)
        while self.ticks[0] < tick - memory:
            del self.ticks[0], self.places[0], self.looks[0]

    def predicted(self, tick: int) -> Floats:
        """Centre and log size expected at `tick`."""
        last = self.places[-1]
        if len(self.ticks) == 1:
            return last
        velocity = (last - self.places[0]) / (self.ticks[-1] - self.ticks[0])
        velocity[2] = 0
        gap = tick - self.ticks[-1]
        return last + velocity * _DAMPING * (1 - _DAMPING**gap) / (1 - _DAMPING)


class Tracker:
    """Follows the faces of one video, or of one stretch of it, tick by tick.

    Args:
        max_gap_ticks: how long a face may go unseen and still keep its track.
        fps: ticks in a second.
    """

    def __init__(self, max_gap_ticks: int, fps: int = 5) -> None:
        self._max_gap = max_gap_ticks
        self._memory = fps
        self._tracks: list[_Track] = []
        self._next = 0

    def update(self, tick: int, picture: Picture, faces: Faces, *, cut: bool) -> Numbers:
        """Track numbers, int32 (n,), of the faces found in the picture at `tick`.
        """
        self._tracks = [
            track for track in self._tracks if not cut and tick - track.ticks[-1] <= self._max_gap
        ]
        order = np.lexsort(faces.boxes.T)
        boxes = faces.boxes[order].astype(np.float64)
        places = _places(boxes)
        looks = [_look(picture, box) for box in boxes]
        numbers = np.empty(len(faces), np.int32)
        tracks = self._assign(tick, places, looks)
        for at, place, look, track in zip(order, places, looks, tracks, strict=True):
            if track is None:
                track = _Track(self._next)
                self._next += 1
                self._tracks.append(track)
            track.see(tick, place, look, self._memory)
            numbers[at] = track.number
        return numbers

    def _assign(self, tick, places, looks):
        found = [None] * len(places)
        if not self._tracks or not len(places):
            return found
        predicted = np.array([track.predicted(tick) for track in self._tracks])
        gaps = np.array([tick - track.ticks[-1] for track in self._tracks])[:, None]
        change = places[None] - predicted[:, None]
        size = np.exp((places[None, :, 2] + predicted[:, None, 2]) / 2)
        distance = np.hypot(change[..., 0], change[..., 1]) / size
        growth = np.abs(change[..., 2])
        unlike = np.array([[_difference(t, l) for l in looks] for t in self._tracks])
        reach = np.minimum(_REACH + _REACH_GROWTH * (gaps - 1), _LARGEST_REACH)
        allowed = (distance <= reach) & (growth <= math.log(_SIZE_RATIO))
        allowed &= (gaps == 1) | (unlike <= _UNLIKE)
        cost = distance + growth + unlike + 0.05 * (gaps - 1)
        gain = np.where(allowed, 10 - cost, 0)
        for row, column in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
            if gain[row, column] > 0:
                found[column] = self._tracks[row]
        return found


def _places(boxes):
    """Centre x, centre y and log size."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.column_stack([(boxes[:, :2] + boxes[:, 2:]) / 2, np.log(np.maximum(sides, 1).prod(1)) / 2])


_ROWS = np.linspace(-0.2, 2.0, 24)
_COLUMNS = np.linspace(0, 1, 12)


def _look(picture, box):
    x1, y1, x2, y2 = box
    height, width = picture.shape[:2]
    ys = np.clip(y1 + _ROWS * (y2 - y1), 0, height - 1).astype(int)
    xs = np.clip(x1 + _COLUMNS * (x2 - x1), 0, width - 1).astype(int)
    patch = picture[ys[:, None], xs] >> 6
    bins = patch[..., 0] * 16 + patch[..., 1] * 4 + patch[..., 2]
    bins = bins.reshape(2, -1)
    counts = np.array([np.bincount(b, minlength=64) for b in bins]) / bins.size
    return np.sqrt(counts.ravel())


def _difference(track, look):
    mean = np.mean(track.looks, axis=0)
    return math.sqrt(max(0, 1 - mean @ look / np.linalg.norm(mean)))
