"""SCRFD and RetinaFace weights of the user's own, run by the package `insightface`.

The package's `get_model` guesses from a file's shapes what it holds, may download, and starts a
thread for each core; its class for detectors is therefore used directly, on our own session.
`SCRFD` reads all that its class `RetinaFace` reads: the same outputs without a batch axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from streamfer.errors import UsageError
from streamfer.faces.detections import Faces, Picture
from streamfer.weights.catalogue import file_sha256
from streamfer.weights.runtime import Device, runtime_of

MULTIPLE = 32  # the largest stride of these networks that is in use


class InsightFaceDetector:
    """Finds faces; see `streamfer.faces.detector.Detector`.

    Raises:
        UsageError: The file holds no SCRFD or RetinaFace with landmarks.
    """

    def __init__(self, path: Path, device: Device, min_score: float) -> None:
        # The package takes half a second to import, which the default detector need not wait for.
        from insightface.model_zoo.scrfd import SCRFD  # noqa: PLC0415

        self.name = path.stem
        self.sha256 = file_sha256(path)
        gpu = runtime_of(device) == "onnxruntime-cuda-fp32"
        self.runtime = "onnxruntime-cuda-fp32" if gpu else "onnxruntime-cpu-fp32"
        session = _session(path, "CUDAExecutionProvider" if gpu else "CPUExecutionProvider")
        # Without the file's name it cannot make, and keep, a session for every size of picture.
        self._model = SCRFD(session=session)
        self._model.prepare(ctx_id=0, det_thresh=min_score)

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels."""
        return [self._detect(picture) for picture in pictures]

    def _detect(self, picture: Picture) -> Faces:
        height, width = picture.shape[:2]
        below, right = -height % MULTIPLE, -width % MULTIPLE
        padded = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT)
        boxes, landmarks = self._model.detect(
            cv2.cvtColor(padded, cv2.COLOR_RGB2BGR), input_size=(width + right, height + below)
        )
        faces = Faces(boxes[:, :4], landmarks, boxes[:, 4])
        # Sides are the network's own sums: nothing keeps them above zero.
        sides = faces.boxes[:, 2:] - faces.boxes[:, :2]
        return faces.select(np.flatnonzero(sides.min(axis=1) > 0))


def _session(path: Path, provider: str) -> onnxruntime.InferenceSession:
    """One thread over a network whose outputs are those of SCRFD with landmarks.

    These are, for three or five strides, the scores, then the boxes, then the landmarks.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=[provider])
        (value,) = session.get_inputs()
        sides = [side if isinstance(side, int) else 64 for side in value.shape[2:]]
        heads = session.run(None, {value.name: np.zeros((1, 3, *sides), np.float32)})
    except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions share no base class
        raise UsageError(f"{path} cannot be run as a face detector: {error}") from None
    strides = len(heads) // 3
    if strides not in (3, 5) or [head.shape[-1] for head in heads] != (
        [1] * strides + [4] * strides + [10] * strides
    ):
        raise UsageError(
            f"{path} is no SCRFD or RetinaFace detector with landmarks as insightface exports "
            f"them: it has {len(heads)} outputs, where 9 or 15 are expected."
        )
    return session
