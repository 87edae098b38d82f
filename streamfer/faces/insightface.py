"""SCRFD and RetinaFace weights of the user's own, run by the package `insightface`.

The package's `get_model` guesses from a file's shapes what it holds, may download, and starts a
thread for each core; its class for detectors is therefore used directly, on our own session.
`SCRFD` reads all that its class `RetinaFace` reads: the same outputs without a batch axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from streamfer.faces.detections import Faces, Picture, has_area
from streamfer.faces.signature import Signature
from streamfer.media.rgb import require_rgb
from streamfer.weights.catalogue import file_sha256
from streamfer.weights.onnx_runtime import has_cuda, open_session
from streamfer.weights.runtime import Device

MULTIPLE = 32  # the largest stride of these networks that is in use


class InsightFaceDetector:
    """Finds faces; see `streamfer.faces.detector.Detector`."""

    def __init__(self, path: Path, device: Device, min_score: float) -> None:
        # The package takes half a second to import, which the default detector need not wait for.
        from insightface.model_zoo.scrfd import SCRFD  # noqa: PLC0415

        self.name = path.stem
        self.sha256 = file_sha256(path)
        where = "cuda" if device == "cuda" and has_cuda() else "cpu"
        self.runtime = f"onnxruntime-{where}-fp32"
        # Without the file's name it cannot make, and keep, a session for every size of picture.
        self._model = SCRFD(session=open_session(path.read_bytes(), where))
        self._model.prepare(ctx_id=0, det_thresh=min_score)

    @classmethod
    def reads(cls, signature: Signature) -> bool:
        """Whether a file gives scores, then boxes, then landmarks, of three or five strides."""
        strides = len(signature.heads) // 3
        widths = [(1,)] * strides + [(4,)] * strides + [(10,)] * strides
        return (
            not signature.fixed
            and strides in (3, 5)
            and [head[-1:] for head in signature.heads] == widths
        )

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels."""
        require_rgb(pictures, "picture")
        return [self._detect(picture) for picture in pictures]

    def _detect(self, picture: Picture) -> Faces:
        height, width = picture.shape[:2]
        below, right = -height % MULTIPLE, -width % MULTIPLE
        padded = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT)
        boxes, landmarks = self._model.detect(
            cv2.cvtColor(padded, cv2.COLOR_RGB2BGR), input_size=(width + right, height + below)
        )
        faces = Faces(boxes[:, :4], landmarks, boxes[:, 4])
        return faces.select(has_area(faces.boxes))
