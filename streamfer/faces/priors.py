"""Detectors with prior boxes, as SSD (Liu et al. 2016) introduced them.

Such a network judges a fixed set of square boxes, the priors: on a grid of one cell per stride,
some sizes around the middle of each cell. Of each it says how far the face's box is from it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from streamfer.faces.batches import detect_in_batches
from streamfer.faces.detections import Faces, Floats, Picture, best_boxes
from streamfer.faces.onnx_detector import OnnxDetector
from streamfer.faces.signature import Signature

CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2  # what the networks divide their distances by


class Priors:
    """The priors of a network: their `sides` in pixels, at each stride."""

    def __init__(self, sides: Mapping[int, Sequence[int]]) -> None:
        self._sides = sides
        self.cell = (max(sides), max(sides))
        self.of = lru_cache(maxsize=16)(self._make)

    def decode(
        self,
        size: tuple[int, int],
        which: NDArray[np.intp],
        distances: Floats,
        landmarks: Floats,
    ) -> tuple[Floats, Floats]:
        """Boxes (n, 4) and landmarks (n, 5, 2) in pixels of a picture of that height and width.

        `which` (n,) are the priors meant. `distances` (n, 4) are those of the centre's x and y, in
        sides of the prior, and of width and height, as logarithms; `landmarks` (n, 10) are those
        of x and y in turn, in sides of the prior.
        """
        priors = self.of(size)[which]
        middles, sides = priors[:, :2], priors[:, 2:]
        centres = middles + distances[:, :2] * CENTRE_VARIANCE * sides
        halves = np.exp(distances[:, 2:] * SIZE_VARIANCE) * sides / 2
        points = landmarks.reshape(-1, 5, 2) * CENTRE_VARIANCE * sides[:, None]
        boxes = np.concatenate([centres - halves, centres + halves], axis=1)
        return boxes, middles[:, None] + points

    def _make(self, size: tuple[int, int]) -> Floats:
        """Centre and side (n, 3) of each, in the network's order: stride, row, column, side."""
        height, width = size
        priors = []
        for stride, sides in self._sides.items():
            y, x, side = np.meshgrid(
                np.arange(stride / 2, height, stride),
                np.arange(stride / 2, width, stride),
                sides,
                indexing="ij",
            )
            priors.append(np.stack([x, y, side], axis=-1).reshape(-1, 3))
        return np.concatenate(priors).astype(np.float32)


class PriorDetector(OnnxDetector):
    """A network with priors for pictures of any size, which it was taught in BGR, 0 to 255.

    `mean` (3, 1, 1) is taken from the pictures, `widths` are the numbers that each output has
    for a prior.
    """

    priors: ClassVar[Priors]
    widths: ClassVar[tuple[int, ...]]
    mean: ClassVar[Floats] = np.zeros((3, 1, 1), np.float32)

    @classmethod
    def reads(cls, signature: Signature) -> bool:
        """Whether a file gives these numbers for these priors."""
        count = len(cls.priors.of(signature.size))
        heads = tuple((1, count, width) for width in cls.widths)
        return not signature.fixed and signature.heads == heads

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels."""
        return detect_in_batches(pictures, self.priors.cell, self._detect)

    def _detect(self, batch: Floats) -> list[Faces]:
        found = []
        for heads in zip(*self._run(batch[:, ::-1] - self.mean), strict=True):
            scores, distances, landmarks = self._read(*heads)
            likely = np.flatnonzero(scores >= self._min_score)
            places = self.priors.decode(
                (batch.shape[2], batch.shape[3]), likely, distances[likely], landmarks[likely]
            )
            found.append(best_boxes(Faces(*places, scores[likely])))
        return found

    @staticmethod
    @abstractmethod
    def _read(*heads: Floats) -> tuple[Floats, Floats, Floats]:
        """Scores (n,), and distances and landmarks as in `Priors.decode`, of one picture."""
