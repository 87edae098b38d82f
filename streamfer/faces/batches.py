"""Showing pictures of many sizes to a network that takes batches of one size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from streamfer.faces.detections import Faces, Floats, Picture
from streamfer.media.rgb import require_rgb

BATCH_PIXELS = 2**21  # bounds what the layers of a batch take to some 300 MB


def detect_in_batches(
    pictures: Sequence[Picture], cell: tuple[int, int], detect: Callable[[Floats], Sequence[Faces]]
) -> list[Faces]:
    """The faces of each uint8 (H, W, 3) RGB picture.

    `detect` is given pictures of like size as float32 (n, 3, H, W), RGB, 0 to 255, and returns the
    faces of each. They are filled up with black, at the right and below, to a multiple of the
    height and width of `cell`.
    """
    require_rgb(pictures, "picture")
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        groups[height + -height % cell[0], width + -width % cell[1]].append(index)
    found = [Faces.empty()] * len(pictures)
    for (height, width), members in groups.items():
        count = max(1, BATCH_PIXELS // (height * width))
        for start in range(0, len(members), count):
            indices = members[start : start + count]
            batch = np.zeros((len(indices), 3, height, width), np.float32)
            for row, index in enumerate(indices):
                rows, columns = pictures[index].shape[:2]
                batch[row, :, :rows, :columns] = pictures[index].transpose(2, 0, 1)
            for index, faces in zip(indices, detect(batch), strict=True):
                found[index] = faces
    return found
