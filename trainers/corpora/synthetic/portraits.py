"""Upright faces of one size, with their landmarks, and the way from one to another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.faces.align import TEMPLATE, similarity
from streamfer.faces.detections import Floats
from streamfer.faces.detector import Detector
from streamfer.media.picture import Picture

SIDE = 160
BORDER = 48  # pixels around a photograph, for heads that fill it
MIN_SCORE = 0.6  # of the detector, for a photograph to be used
FRONTAL = (0.3, 0.7)  # where the nose lies on the way from the left eye to the right
PLACE = 0.66 * TEMPLATE + np.array(
    [0.17, 0.2], np.float32
)  # of the landmarks, as fractions of SIDE
BRIGHTNESS, CONTRAST = 118.0, 46.0  # mean and standard deviation of the grey values of a face


@dataclass(frozen=True)
class Portrait:
    """pixels: uint8 (SIDE, SIDE) grey. landmarks (5, 2) and box (4,), x1 y1 x2 y2: in pixels."""

    pixels: Picture
    landmarks: Floats
    box: Floats


def portrait(photograph: Picture, detector: Detector) -> Portrait | None:
    """The one frontal face of a grey photograph (H, W), made upright; None if there is no such."""
    framed = np.pad(photograph, BORDER, mode="edge")
    (faces,) = detector.detect([np.repeat(framed[..., None], 3, axis=2)])
    if len(faces) != 1 or faces.scores[0] < MIN_SCORE:
        return None
    left, right, nose = faces.landmarks[0, :3]
    across = right - left
    if not FRONTAL[0] < (nose - left) @ across / (across @ across) < FRONTAL[1]:
        return None
    matrix = similarity(faces.landmarks[0], PLACE * np.float32(SIDE)).astype(np.float32)
    upright = cv2.warpAffine(framed, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    scale = float(np.hypot(*matrix[0, :2]))
    x1, y1, x2, y2 = faces.boxes[0]
    centre = matrix[:, :2] @ np.array([(x1 + x2) / 2, (y1 + y2) / 2], np.float32) + matrix[:, 2]
    half = scale * np.array([x2 - x1, y2 - y1], np.float32) / 2
    box = np.concatenate([centre - half, centre + half])
    landmarks = faces.landmarks[0] @ matrix[:, :2].T + matrix[:, 2]
    return Portrait(_levelled(upright, box), landmarks, box)


def _levelled(pixels: Picture, box: Floats) -> Picture:
    """The same brightness and contrast for every face: light belongs to the corpus."""
    x1, y1, x2, y2 = np.clip(box, 0, SIDE).astype(int)
    face = pixels[y1:y2, x1:x2]
    gain = CONTRAST / max(float(face.std()), 8.0)
    levelled = (pixels.astype(np.float32) - face.mean()) * gain + BRIGHTNESS
    return np.asarray(np.clip(levelled, 0, 255), np.uint8)


class Morph:
    """The way from one portrait to another: shapes move and pictures are cross-faded."""

    def __init__(self, start: Portrait, end: Portrait) -> None:
        self._start, self._end = start, end
        rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
        self._x, self._y = columns, rows
        # The landmarks' ways, spread over the picture by the inverse square of the distance
        # (Shepard 1968); the picture's rim, far from all of them, stays.
        middle = (start.landmarks + end.landmarks) / 2
        ways = end.landmarks - start.landmarks
        squares = [(columns - x) ** 2 + (rows - y) ** 2 + 4 for x, y in middle]
        weights = [1 / square for square in squares]
        total = sum(weights) + np.float32(2 / SIDE**2)
        self._ways: list[NDArray[np.float32]] = [
            (sum(weight * way for weight, way in zip(weights, ways[:, axis], strict=True)) / total)
            for axis in (0, 1)
        ]

    def at(self, share: float) -> Portrait:
        """`share` of the way, 0 to 1."""
        if share <= 0 or self._start is self._end:
            return self._start
        if share >= 1:
            return self._end
        across, down = self._ways
        parts = [
            cv2.remap(
                part.pixels,
                self._x + np.float32(moved) * across,
                self._y + np.float32(moved) * down,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for part, moved in ((self._start, -share), (self._end, 1 - share))
        ]
        mixed = cv2.addWeighted(parts[0], 1 - share, parts[1], share, 0)
        return Portrait(
            np.asarray(mixed, np.uint8),
            (1 - share) * self._start.landmarks + share * self._end.landmarks,
            (1 - share) * self._start.box + share * self._end.box,
        )
