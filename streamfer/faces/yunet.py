"""YuNet (Wu et al. 2023) in its first form, with prior boxes, for pictures of any size.

The weights are those that came with libfacedetection's training code, as ONNX. Its outputs are
box and landmarks together, how likely no face and a face is (before softmax), and what the box's
IoU with the true one is thought to be.
"""

from __future__ import annotations

import numpy as np

from streamfer.faces.detections import Floats
from streamfer.faces.priors import PriorDetector, Priors


class YuNet(PriorDetector):
    """Finds faces; see `streamfer.faces.detector.Detector`.

    A score is the geometric mean of a face's probability and the IoU foreseen.
    """

    priors = Priors({8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)})
    widths = (14, 2, 1)

    @staticmethod
    def _read(*heads: Floats) -> tuple[Floats, Floats, Floats]:
        places, logits, overlaps = heads
        probabilities = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        scores = np.sqrt(probabilities * np.clip(overlaps[:, 0], 0, 1))
        return scores, places[:, :4], places[:, 4:]
