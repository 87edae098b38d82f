"""RetinaFace (Deng et al. 2020) over MobileNet-0.25, for pictures of any size.

The weights are those of the implementation by biubug6, as ONNX. Its outputs are the boxes, the
probabilities of no face and of a face, and the landmarks.
"""

from __future__ import annotations

import numpy as np

from streamfer.faces.detections import Floats
from streamfer.faces.priors import PriorDetector, Priors


class RetinaFace(PriorDetector):
    """Finds faces; see `streamfer.faces.detector.Detector`."""

    priors = Priors({8: (16, 32), 16: (64, 128), 32: (256, 512)})
    widths = (4, 2, 10)
    mean = np.array([104, 117, 123], np.float32)[:, None, None]

    @staticmethod
    def _read(*heads: Floats) -> tuple[Floats, Floats, Floats]:
        boxes, probabilities, landmarks = heads
        return probabilities[:, 1], boxes, landmarks
