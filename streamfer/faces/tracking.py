"""Gives every face the number of its track: one person's continuous presence in one shot.

At 5 samples a second a face moves by up to twice its own size between two of them, so overlap
alone breaks the tracks of people who walk. Here every track foretells where its face should be
(constant velocity, fading), a face within reach of that may continue the track, and of all ways
to continue as many tracks as possible the one with the least total cost is taken (Hungarian
assignment). A track that is not seen is kept for a while, its reach growing.

Motion cannot tell two people who meet and turn back from two who walk past each other, so the
cost also counts how unlike two faces look. No face recognition is at work: a look is a
histogram of colours in four bands from the hair down to the clothes, which tells one person
from another in the same shot and no further. It decides alone in one case only: where a face
turns up after a gap and looks very unlike the lost one, it is somebody else.

All that is known of a track is what was seen of it in the last second in which it was seen,
and a track is forgotten after the longest gap. So trackers that start at different times in
one video soon link the same faces, which lets a video be analysed in segments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from streamfer.faces.detections import Faces, Picture

Values = NDArray[np.float64]

# Chosen with benchmarks/tracking.py; a tenth more or less of one of them costs at most .04 of
# IDF1 there. Times in seconds; lengths in sizes of the face, the square root of its area.
_MEMORY = 1.0  # how far back from its last sighting a track's sightings are kept
_FADING = 0.8  # the time in which the velocity of a lost face falls to 1/e
_REACH = 1.1  # how far from the foretold place a face may be, besides what follows
_REACH_PER_SECOND = 1.0  # since the last sighting
_REACH_FIRST = 1.0  # if the track's velocity is unknown, having been seen once
_LONGEST_REACH = 2.5
_GROWTH = math.log(2)  # the most that a face may grow or shrink: to twice or half its size
_UNLIKE = 0.65  # across a gap, the most that looks may differ, from 0 to 1
_COST_OF_GROWTH = 2.0  # a distance of one size costs 1
_COST_OF_UNLIKENESS = 3.0
_COST_OF_A_SECOND = 0.5  # unseen
_GAIN = 1000.0  # of continuing a track; above all costs, so that as many as can go on do

# The region of a look: rows from above the hair to the chest, in heights of the face's box.
_ROWS = np.linspace(-0.4, 2.0, 32)
_COLUMNS = np.linspace(0, 1, 16)
_BANDS = np.repeat(np.arange(4), 8)[:, None]


@dataclass(frozen=True)
class _Sighting:
    """Where a face was (centre x, centre y, logarithm of its size; pixels) and how it looked."""

    tick: int
    place: Values
    look: Values


class _Track:
    """A face's number and its recent sightings, oldest first; there is always one."""

    def __init__(self, number: int, sighting: _Sighting) -> None:
        self.number = number
        self.sightings = [sighting]

    @property
    def last(self) -> _Sighting:
        return self.sightings[-1]

    def add(self, sighting: _Sighting, memory: int) -> None:
        recent = [old for old in self.sightings if old.tick >= sighting.tick - memory]
        self.sightings = [*recent, sighting]

    def foretold(self, ahead: float) -> Values:
        """The place to expect after `ahead`, the time in ticks with the fading counted in."""
        first, last = self.sightings[0], self.last
        if first is last:
            return last.place
        velocity = (last.place - first.place) / (last.tick - first.tick)
        velocity[2] = 0  # a face that grows as it turns will not go on growing
        return last.place + ahead * velocity

    def difference(self, look: Values) -> float:
        """How unlike the track's likest sighting a face looks: Hellinger distance, 0 to 1."""
        likeness = max(float(sighting.look @ look) for sighting in self.sightings)
        return math.sqrt(max(0.0, 1 - likeness))


class Tracker:
    """Follows the faces of a video, or of a stretch of it.

    Args:
        max_gap_ticks: how long a face may go unseen and still keep its track.
        fps: ticks in a second.
    """

    def __init__(self, max_gap_ticks: int, fps: int = 5) -> None:
        self._max_gap = max_gap_ticks
        self._fps = fps
        self._tracks: list[_Track] = []
        self._next_number = 0

    def update(self, tick: int, picture: Picture, faces: Faces, *, cut: bool) -> NDArray[np.int32]:
        """The track of each face seen at `tick`, whatever the order of the faces: int32 (n,).

        Numbers count from 0 in order of appearance, from left to right where several appear
        at once. Ticks must rise; some may be missing.

        Args:
            tick: the time, in ticks.
            picture: uint8 (h, w, 3) RGB, in which the faces were found.
            faces: boxes in pixels of the picture.
            cut: whether a new shot begins here, in which every track is new.
        """
        self._tracks = [
            track for track in self._tracks if not cut and tick - track.last.tick <= self._max_gap
        ]
        order = np.lexsort(faces.boxes.T[::-1])
        boxes = faces.boxes[order].astype(np.float64)
        seen = [
            _Sighting(tick, place, _look(picture, box))
            for place, box in zip(_places(boxes), boxes, strict=True)
        ]
        continued = self._assign(tick, seen) if self._tracks and seen else {}
        numbers = np.empty(len(faces), np.int32)
        for position, (index, sighting) in enumerate(zip(order, seen, strict=True)):
            track = continued.get(position)
            if track is None:
                track = _Track(self._next_number, sighting)
                self._tracks.append(track)
                self._next_number += 1
            else:
                track.add(sighting, round(_MEMORY * self._fps))
            numbers[index] = track.number
        return numbers

    def _assign(self, tick: int, seen: list[_Sighting]) -> dict[int, _Track]:
        """The track that each sighting continues; those that continue none are left out."""
        gaps = np.array([tick - track.last.tick for track in self._tracks]) / self._fps
        ahead = self._fps * _FADING * (1 - np.exp(-gaps / _FADING))
        foretold = np.array(
            [track.foretold(time) for track, time in zip(self._tracks, ahead, strict=True)]
        )
        places = np.array([sighting.place for sighting in seen])
        unlike = np.array([[track.difference(s.look) for s in seen] for track in self._tracks])
        last = np.array([track.last.place for track in self._tracks])
        size = np.exp((places[None, :, 2] + last[:, None, 2]) / 2)
        growth = np.abs(places[None, :, 2] - last[:, None, 2])

        def distance_from(expected: Values) -> Values:
            offset = places[None, :, :2] - expected[:, None, :2]  # (tracks, sightings, 2)
            distance: Values = np.hypot(offset[..., 0], offset[..., 1]) / size
            return distance

        from_foretold = distance_from(foretold)
        once = np.array([len(track.sightings) == 1 for track in self._tracks])
        reach = _REACH + _REACH_PER_SECOND * gaps + _REACH_FIRST * once
        # A head thrown aside comes back: the place where it was last is always within reach.
        possible = (
            (
                np.minimum(from_foretold, distance_from(last))
                <= np.minimum(reach, _LONGEST_REACH)[:, None]
            )
            & (growth <= _GROWTH)
            & ((unlike <= _UNLIKE) | (gaps * self._fps <= 1)[:, None])
        )
        cost = from_foretold + _COST_OF_GROWTH * growth + _COST_OF_UNLIKENESS * unlike
        cost += _COST_OF_A_SECOND * gaps[:, None]
        gain = np.where(possible, _GAIN - cost, 0)
        rows, columns = linear_sum_assignment(gain, maximize=True)
        return {
            int(column): self._tracks[row]
            for row, column in zip(rows, columns, strict=True)
            if possible[row, column]
        }


def _places(boxes: Values) -> Values:
    """Centre x, centre y and logarithm of the size of boxes (n, 4): (n, 3)."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    return np.column_stack([(boxes[:, :2] + boxes[:, 2:]) / 2, np.log(sides).mean(axis=1)])


def _look(picture: Picture, box: Values) -> Values:
    """Square roots of the shares of 512 kinds of pixels; the dot product of two looks is 1 at most.

    16 × 32 pixels of the region, those outside the picture replaced by the nearest inside, are
    counted by band, by lightness in 2 steps and by colour (a and b of Lab) in 8 × 8.
    """
    x1, y1, x2, y2 = box
    height, width = picture.shape[:2]
    rows = np.clip(y1 + _ROWS * (y2 - y1), 0, height - 1).astype(np.intp)
    columns = np.clip(x1 + _COLUMNS * (x2 - x1), 0, width - 1).astype(np.intp)
    lab = cv2.cvtColor(picture[rows[:, None], columns], cv2.COLOR_RGB2LAB).astype(np.intp)
    lightness = lab[..., 0] // 128
    # a and b are 128 for grey; what people look like lies within 48 of it.
    a, b = np.moveaxis(np.clip((lab[..., 1:] - 80) // 12, 0, 7), 2, 0)
    kinds = ((_BANDS * 2 + lightness) * 8 + a) * 8 + b
    counts = np.bincount(kinds.ravel(), minlength=512)
    shares: Values = np.sqrt(counts / kinds.size)
    return shares
