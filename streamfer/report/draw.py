"""Draws on a picture what was found in it, or hides faces."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from streamfer.media.picture import Picture
from streamfer.report.marks import Box, Mark

# Okabe and Ito's, RGB, which people with any kind of colour vision tell apart.
_COLOURS = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (255, 255, 255),
)
_WHITE, _GREY, _BLACK = (255, 255, 255), (60, 60, 60), (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# So many mean colours in width and in height stay of a hidden face.
_CELLS = 3


def draw(picture: Picture, marks: Iterable[Mark]) -> None:
    """Draw on RGB, in place, each face's box and a panel: track, label, and seven bars.

    A bar that fills its field is a probability of 1; each has its emotion's first two letters.
    """
    height, width = picture.shape[:2]
    unit = max(0.85, math.sqrt(height * width) / 850)  # 1.1 at 1280 x 720
    line = round(2 * unit)
    placed = []
    # The boxes first, so that none hides a panel.
    for mark in marks:
        corners = np.rint(mark.box * (width, height, width, height)).astype(int).tolist()
        for tint, thickness in ((_BLACK, line + 2), (_colour(mark), line)):
            cv2.rectangle(picture, corners[:2], corners[2:], tint, thickness)
        placed.append((mark, corners))
    taken = np.zeros((height, width), bool)
    for _, (left, top, right, bottom) in placed:
        taken[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    for mark, corners in placed:
        panel = _panel(mark, unit)
        place = _free_place(taken, corners, panel.shape[:2], line + 1)
        taken[place] = True
        under = picture[place]
        # Black is half transparent.
        np.maximum(under // 3, panel[: under.shape[0], : under.shape[1]], out=under)


def hide(picture: Picture, boxes: Iterable[Box]) -> None:
    """Make what is in boxes unrecognisable, in place: nine mean colours stay of each."""
    height, width = picture.shape[:2]
    for box in boxes:
        left, top = np.floor(box[:2] * (width, height)).astype(int).clip(0)
        right, bottom = np.ceil(box[2:] * (width, height)).astype(int).clip(0)
        region = picture[top:bottom, left:right]
        if region.size:
            cells = cv2.resize(region, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
            region[:] = cv2.resize(cells, region.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _free_place(
    taken: NDArray[np.bool_], corners: list[int], size: tuple[int, int], gap: int
) -> tuple[slice, slice]:
    """Where a panel of (rows, columns) hides least: below, above, right or left of a box."""
    rows, columns = size
    left, top, right, bottom = corners
    below, above = bottom + gap, top - gap - rows
    nearby = [(below, left), (above, left), (top, right + gap), (top, left - gap - columns)]
    places = []
    for y, x in nearby:
        first = max(0, min(y, taken.shape[0] - rows)), max(0, min(x, taken.shape[1] - columns))
        places.append((slice(first[0], first[0] + rows), slice(first[1], first[1] + columns)))
    return min(places, key=lambda place: np.count_nonzero(taken[place]))


def _colour(mark: Mark) -> tuple[int, int, int]:
    return _COLOURS[mark.track % len(_COLOURS)]


def _panel(mark: Mark, unit: float) -> Picture:
    """Track and label in a line of text; below it the bars, and their letters."""
    best = int(mark.probabilities.argmax())
    text = f"{mark.track} {EMOTIONS[best]} {mark.probabilities[best]:.0%}"
    step, row, field = round(21 * unit), round(20 * unit), round(32 * unit)
    gap = max(1, round(3 * unit))
    size, weight = 0.55 * unit, max(1, round(1.2 * unit))
    columns = max(step * len(EMOTIONS), cv2.getTextSize(text, _FONT, size, weight)[0][0]) + 2 * gap
    panel = np.zeros((2 * row + field, columns, 3), np.uint8)
    cv2.putText(panel, text, (gap, row - 2 * gap), _FONT, size, _colour(mark), weight, cv2.LINE_AA)
    for number, emotion in enumerate(EMOTIONS):
        left, bottom = gap + number * step, row + field
        top = bottom - round(mark.probabilities[number] * field)
        tint = _colour(mark) if number == best else _WHITE
        right = left + step - 2 * gap
        cv2.rectangle(panel, (left, row), (right, bottom), _GREY, -1)
        cv2.rectangle(panel, (left, top), (right, bottom), tint, -1)
        place = (left, bottom + row - 2 * gap)
        cv2.putText(panel, emotion[:2].title(), place, _FONT, 0.75 * size, tint, 1, cv2.LINE_AA)
    return panel
