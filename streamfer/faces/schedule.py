"""Where to look for faces in each sampled picture.

A network's cost is the pixels it sees. The whole picture, made smaller, is therefore searched
only once a second and after a cut; between, only regions around the faces known since, which are
cut from the picture at its full resolution. Where these are many, as in a crowd, the whole
picture is searched every time, which also finds who comes into sight.

Seconds are counted from the video's start, and nothing is remembered from one to the next. So
what is found depends on the pictures of the current second alone, not on where decoding began.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.faces.detections import (
    Faces,
    Floats,
    Picture,
    area,
    each_once,
    intersection,
    iou,
    suppress,
)
from streamfer.faces.resized import Detect, detect_resized

REGION_SIDE = 128  # pixels of a region, as the detector sees it
REGION_FACES = 2.5  # side of a region in sizes of its face
MIN_REGION = 32  # pixels; less, enlarged to `REGION_SIDE`, shows no more
MAX_ENLARGEMENT = 2  # of a small picture, whose small faces are then found
REGIONS_SHARE = 1 / 3  # of the pixels of the whole picture: four regions in 640 x 360
MERGE_IOU = 0.6  # a face whose region overlaps another's by more lies well inside that one


class FaceFinder:
    """Finds the faces of sampled pictures, given in the order of their ticks."""

    def __init__(self, detect: Detect, settings: Analysis) -> None:
        self._detect = detect
        self._fps = settings.fps
        self._size = settings.detector_size
        self._scene: tuple[int, tuple[int, ...]] | None = None
        self._known = Faces.empty().boxes

    def find(self, tick: int, picture: Picture, cut: bool) -> Faces:
        """The faces of a uint8 (H, W, 3) RGB picture, in its pixels.

        `cut` says that a cut lies between it and the picture given before.
        """
        scene = (tick // self._fps, picture.shape)
        if cut or scene != self._scene:
            self._scene = scene
            self._known = Faces.empty().boxes
            faces = self._search_whole(picture)
        else:
            faces = self._search_known(picture)
        # A face that is missed may be back in a moment where it was.
        missed = ~(intersection(self._known, faces.boxes) > 0).any(axis=1)
        self._known = np.concatenate([faces.boxes, self._known[missed]])
        return faces

    def _search_whole(self, picture: Picture) -> Faces:
        return detect_resized(self._detect, [picture], [self._whole_side(picture)])[0]

    def _search_known(self, picture: Picture) -> Faces:
        if not len(self._known):
            return Faces.empty()
        regions = _regions(self._known, picture)
        shorter, longer = sorted(picture.shape[:2])
        whole_pixels = self._whole_side(picture) ** 2 * shorter / longer
        if len(regions) * REGION_SIDE**2 > REGIONS_SHARE * whole_pixels:
            return self._search_whole(picture)
        crops = [picture[y1:y2, x1:x2] for x1, y1, x2, y2 in regions]
        found = detect_resized(self._detect, crops, [REGION_SIDE] * len(crops))
        return _merged(found, regions, picture)

    def _whole_side(self, picture: Picture) -> int:
        """Longest side of the whole picture as it is searched."""
        longest: int = max(picture.shape[:2])
        return min(self._size, longest * MAX_ENLARGEMENT)


def _regions(boxes: Floats, picture: Picture) -> NDArray[np.int64]:
    """Where to look for known faces: x1 y1 x2 y2 (r, 4) in whole pixels, inside the picture.

    Squares around the boxes; fewer than there are boxes where faces lie close together.
    """
    limits = np.array(picture.shape[1::-1], np.float32)
    sizes = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    sides = np.minimum(np.maximum(REGION_FACES * sizes, MIN_REGION), limits)
    corners = (boxes[:, :2] + boxes[:, 2:] - sides) / 2
    corners = np.clip(corners, 0, limits - sides)
    regions = np.concatenate([corners, corners + sides], axis=1)
    regions = regions[suppress(iou(regions, regions) > MERGE_IOU, area(regions))]
    whole = np.concatenate([np.floor(regions[:, :2]), np.ceil(regions[:, 2:])], axis=1)
    return whole.astype(np.int64)


def _merged(found: Sequence[Faces], regions: NDArray[np.int64], picture: Picture) -> Faces:
    """What was `found` in each of the `regions` (r, 4), in pixels of the picture, each face once.

    Of the boxes of one face, one that is cut off by the border of its region is the last choice.
    """
    faces = Faces.concatenate(
        [part.shifted(*corner) for part, corner in zip(found, regions[:, :2], strict=True)]
    )
    borders = regions.repeat([len(part) for part in found], axis=0)
    slack = (borders[:, 2:3] - borders[:, :1]) / REGION_SIDE
    size = picture.shape[1::-1]
    cut = (faces.boxes[:, :2] < borders[:, :2] + slack) & (borders[:, :2] > 0)
    cut |= (faces.boxes[:, 2:] > borders[:, 2:] - slack) & (borders[:, 2:] < size)
    return each_once(faces, faces.scores - cut.any(axis=1))
