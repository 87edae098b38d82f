"""Cuts faces out of a picture, all of one size.

`align` makes them upright, with eyes and mouth always in the same place; `cut_boxes` takes the
detector's boxes as they are, for networks that were taught so.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.faces.detections import Floats, Picture

# Where the five landmarks lie in a crop, (x, y) as fractions of its side: the median over 1,822
# faces of FER2013 of what CenterFace finds in them, made symmetric. So a crop shows as much of a
# head as the pictures the backbone was trained on. `trainers/backbone/template.py` measures it.
TEMPLATE: Floats = np.array(
    [[0.3140, 0.3989], [0.6860, 0.3989], [0.5, 0.6020], [0.3485, 0.7536], [0.6515, 0.7536]],
    np.float32,
)


def align(picture: Picture, landmarks: Floats, size: int) -> Picture:
    """The faces of a picture as uint8 RGB crops (n, size, size, 3).

    Each is turned, scaled and moved, never sheared, so that its five landmarks (n, 5, 2) come as
    near to `TEMPLATE` as that allows. Beyond the picture's edge its border is repeated.
    """
    crops = np.empty((len(landmarks), size, size, 3), np.uint8)
    for crop, points in zip(crops, landmarks, strict=True):
        matrix = similarity(points, TEMPLATE * np.float32(size))
        # A face larger than its crop is sampled at its own resolution and then averaged down:
        # sampling it directly would skip pixels, and fine texture would turn into noise.
        # Landmarks that make no face ask for a huge picture; none larger than it came is made.
        scale = max(math.hypot(*matrix[0, :2]), size / max(picture.shape))
        factor = max(1, math.ceil(1 / scale))
        matrix *= factor
        # cv2 puts the coordinate 0 at the middle of the first pixel, we at its edge.
        matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
        sides = (size * factor, size * factor)
        sampled = cv2.warpAffine(picture, matrix, sides, borderMode=cv2.BORDER_REPLICATE)
        crop[:] = cv2.resize(sampled, (size, size), interpolation=cv2.INTER_AREA)
    return crops


def cut_boxes(picture: Picture, boxes: Floats, size: int) -> Picture:
    """The boxes (n, 4) of a picture as uint8 RGB crops (n, size, size, 3).

    Each is clipped to the picture, without a margin, and made square by interpolation over
    areas, whatever its shape. One that lies outside shows the pixels of the edge next to it.
    """
    crops = np.empty((len(boxes), size, size, 3), np.uint8)
    height, width = picture.shape[:2]
    corners = np.clip(boxes, 0, np.tile([width, height], 2)).astype(int)
    for crop, (left, top, right, bottom) in zip(crops, corners, strict=True):
        x, y = min(left, width - 1), min(top, height - 1)
        face = picture[y : max(bottom, y + 1), x : max(right, x + 1)]
        crop[:] = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
    return crops


def similarity(source: Floats, target: Floats) -> NDArray[np.float64]:
    """The similarity transform that best maps the points `source` onto `target`, both (n, 2).

    The least squares solution of Umeyama (1991) without reflection. In the plane it is a
    division: with points as complex numbers, turning and scaling are one multiplication.
    Returns the matrix (2, 3) of target = matrix[:, :2] @ source + matrix[:, 2].
    """
    a, b = (points.astype(np.float64) @ [1, 1j] for points in (source, target))
    a_mean, b_mean = a.mean(), b.mean()
    spread = max(np.vdot(a - a_mean, a - a_mean).real, 1e-9)
    turn = np.vdot(a - a_mean, b - b_mean) / spread
    move = b_mean - turn * a_mean
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])
