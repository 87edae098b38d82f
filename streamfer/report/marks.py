"""Where the faces of a video are at any moment, between the samples too, and what they show."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS

# A face that was not seen for so long, in seconds, has no box meanwhile.
_AWAY_S = 0.7
# A face that appears is found when the whole picture is next searched, once a second, by the
# next sample: until then, and as long after it was last seen, it may be anywhere about.
_UNFOUND_S = 1.2
# To hide a face: by how much of its box each edge is moved outwards, and how much more for each
# second from where it was seen.
_MARGIN, _DRIFT = 0.3, 1.5

_PLACE = ("face_x", "face_y", "face_w", "face_h")
_P = tuple(f"p_{emotion}" for emotion in EMOTIONS)

Box = NDArray[np.float64]
"""(4,) left, upper, right and lower edge, fractions of the picture; may reach beyond it."""


@dataclass(frozen=True)
class Mark:
    """A face at one moment; `probabilities` (7,) are those of the window whose centre is next."""

    track: int
    box: Box
    probabilities: NDArray[np.float64]


@dataclass(frozen=True)
class _Track:
    """A track's samples, n of them, and its windows, w of them."""

    number: int
    times: NDArray[np.float64]  # (n,)
    boxes: NDArray[np.float64]  # (n, 4)
    centres: NDArray[np.float64]  # (w,)
    probabilities: NDArray[np.float64]  # (w, 7)


class Faces:
    """The faces of one video, from its rows of the tables `frames` and `timelines`.

    `interval_s` is that of the sampling.
    """

    def __init__(self, frames: pa.Table, timelines: pa.Table, interval_s: float) -> None:
        self._half_s = interval_s / 2
        self._by_second: dict[int, list[_Track]] = defaultdict(list)
        windows = _by_track(timelines, ("window_start_s", "window_end_s", *_P))
        for number, rows in _by_track(frames, ("time_s", *_PLACE)).items():
            times, boxes = rows[:, 0], rows[:, 1:]
            boxes[:, 2:] += boxes[:, :2]
            readings = windows.get(number, np.empty((0, 2 + len(_P))))
            track = _Track(number, times, boxes, readings[:, :2].mean(axis=1), readings[:, 2:])
            first, last = times[0] - _UNFOUND_S, times[-1] + _UNFOUND_S
            for second in range(math.floor(first), math.floor(last) + 1):
                self._by_second[second].append(track)

    def seen(self, time_s: float) -> list[Mark]:
        """The faces that are seen at a time, with boxes that move evenly between samples."""
        marks = []
        for track in self._by_second.get(math.floor(time_s), ()):
            box = self._box(track, time_s)
            if box is not None and len(track.centres):
                window = np.abs(track.centres - time_s).argmin()
                marks.append(Mark(track.number, box, track.probabilities[window]))
        return marks

    def hidden(self, time_s: float) -> list[Box]:
        """What to cover so that no face of any track can be seen at a time.

        Between two samples, however far apart, all from the one box to the other; before a track
        begins and after it ends, more and more about it, until it must have been found.
        """
        boxes = []
        for track in self._by_second.get(math.floor(time_s), ()):
            after = int(np.searchsorted(track.times, time_s))
            near = slice(max(after - 1, 0), after + 1)
            boxes_near, times = track.boxes[near], track.times[near]
            outside_s = max(times[0] - time_s, time_s - times[-1], 0.0)
            if outside_s <= _UNFOUND_S:
                box = np.concatenate([boxes_near[:, :2].min(axis=0), boxes_near[:, 2:].max(axis=0)])
                size = (boxes_near[:, 2:] - boxes_near[:, :2]).max(axis=0)
                edge = size * (_MARGIN + _DRIFT * outside_s)
                boxes.append(box + np.concatenate([-edge, edge]))
        return boxes

    def _box(self, track: _Track, time_s: float) -> Box | None:
        after = int(np.searchsorted(track.times, time_s))
        if 0 < after < len(track.times):
            start, end = track.times[after - 1 : after + 1]
            if end - start <= _AWAY_S:
                share = (time_s - start) / (end - start)
                box: Box = (1 - share) * track.boxes[after - 1] + share * track.boxes[after]
                return box
        nearest = np.abs(track.times - time_s).argmin()
        near = abs(track.times[nearest] - time_s) <= self._half_s
        return track.boxes[nearest] if near else None


def _by_track(rows: pa.Table, columns: tuple[str, ...]) -> dict[int, NDArray[np.float64]]:
    """The columns (n, columns) of each track's rows, which are in order of time."""
    tracks = rows["track_id"].to_numpy()
    values = np.column_stack([rows[name].to_numpy().astype(np.float64) for name in columns])
    return {int(track): values[tracks == track] for track in np.unique(tracks)}
