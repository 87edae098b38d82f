"""Faces found in one picture, and the few operations that all of this room needs on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

MAX_IOU = 0.3  # faces of different people overlap less than this, the boxes of one face more


@dataclass(frozen=True)
class Faces:
    """n faces in pixels of one picture; x to the right, y down, (0, 0) its upper left corner.

    The pixel in column i covers i <= x < i + 1, so that coordinates scale with the picture.

    Attributes:
        boxes: float32 (n, 4), x1 y1 x2 y2. A box may reach beyond the picture's edges.
        landmarks: float32 (n, 5, 2), left eye, right eye, nose, left and right mouth corner,
            left and right as seen in the picture.
        scores: float32 (n,), the detector's confidence, 0 to 1.
    """

    boxes: Floats
    landmarks: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def empty(cls) -> Faces:
        """No face."""
        return cls(
            np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Faces]) -> Faces:
        """All faces of `parts`, which must lie in the same picture, in their order."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.landmarks for part in parts]),
            np.concatenate([part.scores for part in parts]),
        )

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> Faces:
        """The faces of a boolean mask, or of indices in their order."""
        return Faces(self.boxes[index], self.landmarks[index], self.scores[index])

    def scaled(self, x: float, y: float) -> Faces:
        """The faces in the same picture made `x` times wider and `y` times higher."""
        factors = np.array([x, y], np.float32)
        return Faces(self.boxes * np.tile(factors, 2), self.landmarks * factors, self.scores)

    def shifted(self, x: float, y: float) -> Faces:
        """The faces moved `x` pixels to the right and `y` pixels down."""
        offset = np.array([x, y], np.float32)
        return Faces(self.boxes + np.tile(offset, 2), self.landmarks + offset, self.scores)


def intersection(a: Floats, b: Floats) -> Floats:
    """Area shared by each box of `a` (n, 4) with each box of `b` (m, 4): float32 (n, m)."""
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - corner
    shared: Floats = np.maximum(sides, 0).prod(axis=2)
    return shared


def area(boxes: Floats) -> Floats:
    """Areas of boxes (n, 4): float32 (n,)."""
    areas: Floats = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def has_area(boxes: Floats) -> NDArray[np.bool_]:
    """Which boxes (n, 4) are real: nothing keeps a network from crossing their edges."""
    real: NDArray[np.bool_] = np.all(boxes[:, 2:] > boxes[:, :2], axis=1)
    return real


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of each box of `a` (n, 4) with each of `b` (m, 4): (n, m)."""
    shared = intersection(a, b)
    ratios: Floats = shared / (area(a)[:, None] + area(b)[None, :] - shared)
    return ratios


def suppress(rivals: NDArray[np.bool_], ranks: Floats) -> NDArray[np.intp]:
    """Non-maximum suppression: a box stays unless a rival of higher rank does.

    `rivals` (n, n) says which boxes overlap too much for both to stay, `ranks` is (n,). Returns
    the indices of those that stay, by falling rank; equal ranks keep their order.
    """
    stays = np.zeros(len(ranks), bool)
    order = np.argsort(-ranks, kind="stable")
    for i in order:
        stays[i] = not (rivals[i] & stays).any()
    return order[stays[order]]


def best_boxes(faces: Faces) -> Faces:
    """What a network reports in one picture, best first, each face by its best box."""
    return faces.select(suppress(iou(faces.boxes, faces.boxes) > MAX_IOU, faces.scores))


def each_once(faces: Faces, ranks: Floats) -> Faces:
    """Faces found in several views of one picture, each by its box of the highest rank (n,).

    A view that shows only a part of a face gives a box inside the box of the whole: therefore
    two boxes are one face when they share half of the smaller one.
    """
    areas = area(faces.boxes)
    shares = intersection(faces.boxes, faces.boxes) / np.minimum(areas[:, None], areas)
    return faces.select(suppress(shares > 0.5, ranks))
