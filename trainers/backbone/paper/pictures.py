"""The pictures that the backbone learns from: read when they are wanted, changed at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.backbone import squared
from trainers.corpora.pictures import load
from trainers.corpora.samples import Still

Picture = NDArray[np.uint8]

KEPT_BYTES = 2**30
"""Of pictures in memory, so that a small corpus is read once and not in every epoch."""

ROTATION = 15.0  # degrees, either way; the paper gives none of these
ZOOM = 0.1
SHIFT = 0.1  # of the side
CONTRAST = 0.3


class ResizedStills:
    """The pictures of some stills, square and of one size."""

    def __init__(
        self, stills: Sequence[Still], side: int, resize: Literal["area", "nearest"]
    ) -> None:
        self.stills = stills
        self._side = side
        self._resize = resize
        self._kept: dict[int, Picture] = {}
        self._room = KEPT_BYTES // (side * side * 3)

    def __getitem__(self, index: int) -> Picture:
        """RGB uint8 (side, side, 3). Raises InputError if it cannot be read."""
        picture = self._kept.get(index)
        if picture is None:
            picture = sized(load(self.stills[index]), self._side, self._resize)
            if len(self._kept) < self._room:
                self._kept[index] = picture
        return picture

    def stack(self, indices: Sequence[int]) -> Picture:
        """RGB uint8 (n, side, side, 3)."""
        return np.stack([self[index] for index in indices])


def sized(picture: Picture, side: int, resize: Literal["area", "nearest"]) -> Picture:
    """A picture, RGB uint8 (H, W, 3), made (side, side, 3)."""
    if resize == "area":
        return squared(picture, side)
    nearest: Picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_NEAREST)
    return nearest


def varied(
    picture: Picture, random: np.random.Generator, *, affine: bool, contrast: bool, noise: float
) -> NDArray[np.float32]:
    """A picture, RGB uint8 (S, S, 3), as it might have been too: float32, in 0..255.

    affine: turned, zoomed, shifted, and mirrored half of the time. contrast: stretched about its
    mean. noise: the standard deviation of Gaussian noise, 1 being the whole range.
    """
    if affine:
        picture = _moved(picture, random)
    changed = picture.astype(np.float32)
    if contrast:
        mean = changed.mean()
        changed = (changed - mean) * random.uniform(1 - CONTRAST, 1 + CONTRAST) + mean
    if noise:
        changed += random.normal(0, 255 * noise, changed.shape)
    return np.clip(changed, 0, 255).astype(np.float32)


def _moved(picture: Picture, random: np.random.Generator) -> Picture:
    side = len(picture)
    middle = (side - 1) / 2
    matrix = cv2.getRotationMatrix2D(
        (middle, middle), random.uniform(-ROTATION, ROTATION), random.uniform(1 - ZOOM, 1 + ZOOM)
    )
    matrix[:, 2] += random.uniform(-SHIFT, SHIFT, 2) * side
    if random.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, side - 1], [0, 1, 0], [0, 0, 1]], float)
    moved: Picture = cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return moved
