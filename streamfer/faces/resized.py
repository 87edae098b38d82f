"""Detection at another size than the picture's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from streamfer.faces.detections import Faces, Picture

Detect = Callable[[Sequence[Picture]], list[Faces]]


def detect_resized(
    detect: Detect, pictures: Sequence[Picture], sides: Sequence[int]
) -> list[Faces]:
    """The faces of pictures, in their own pixels, found with their longest sides made `sides`."""
    shown = [resized(picture, side) for picture, side in zip(pictures, sides, strict=True)]
    return [
        faces.scaled(picture.shape[1] / seen.shape[1], picture.shape[0] / seen.shape[0])
        for picture, seen, faces in zip(pictures, shown, detect(shown), strict=True)
    ]


def resized(picture: Picture, side: int) -> Picture:
    """A picture with its longest side made `side`."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)
