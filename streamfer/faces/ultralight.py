"""The "Ultra-Light-Fast-Generic-Face-Detector" RFB-640 (Linzaer), an SSD with one fixed input.

Its ONNX file decodes its prior boxes itself: for each the probabilities of no face and of a face,
and the box's corners as fractions of the picture. It knows no landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streamfer.faces.batches import detect_in_batches
from streamfer.faces.detections import Faces, Floats, Picture, best_boxes
from streamfer.faces.onnx_detector import OnnxDetector
from streamfer.faces.resized import detect_resized
from streamfer.faces.signature import Signature
from streamfer.media.rgb import require_rgb

# Where landmarks lie in a box of this network, as fractions of its sides: the median, over people
# in 14 clips, of what CenterFace finds in them, made symmetric.
TYPICAL: Floats = np.array(
    [[0.25, 0.40], [0.75, 0.40], [0.50, 0.585], [0.285, 0.74], [0.715, 0.74]], np.float32
)


class UltraLight(OnnxDetector):
    """Finds faces; see `streamfer.faces.detector.Detector`.

    Every picture is made as large as fits the network's own size. The landmarks are not seen: they
    are where an upright face that looks into the camera has them. Crops aligned by them have about
    the right size and place, but a tilted head stays tilted.
    """

    @classmethod
    def reads(cls, signature: Signature) -> bool:
        """Whether a file of one fixed size gives probabilities and boxes."""
        match signature.heads:
            case ((1, scores, 2), (1, boxes, 4)):
                return signature.fixed and scores == boxes
        return False

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels."""
        require_rgb(pictures, "picture")
        height, width = self._size
        sides = [
            int(max(rows, columns) * min(height / rows, width / columns))
            for rows, columns in (picture.shape[:2] for picture in pictures)
        ]
        return detect_resized(self._detect_fitting, pictures, sides)

    @property
    def _size(self) -> tuple[int, int]:
        return self._shape[2] or 0, self._shape[3] or 0

    def _detect_fitting(self, pictures: Sequence[Picture]) -> list[Faces]:
        return detect_in_batches(pictures, self._size, self._detect_batch)

    def _detect_batch(self, batch: Floats) -> list[Faces]:
        batch = (batch - np.float32(127)) / np.float32(128)
        return [self._detect_one(batch[n : n + 1]) for n in range(len(batch))]

    def _detect_one(self, picture: Floats) -> Faces:
        (probabilities,), (corners,) = self._run(picture)
        scores = probabilities[:, 1]
        likely = np.flatnonzero(scores >= self._min_score)
        height, width = self._size
        boxes = corners[likely] * np.array([width, height] * 2, np.float32)
        landmarks = boxes[:, None, :2] + TYPICAL * (boxes[:, 2:] - boxes[:, :2])[:, None]
        return best_boxes(Faces(boxes, landmarks, scores[likely]))
