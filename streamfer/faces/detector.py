"""What a face detector is, and loading one by name or by file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from streamfer.config import Analysis
from streamfer.errors import UsageError
from streamfer.faces.centerface import CenterFace
from streamfer.faces.detections import Faces, Picture
from streamfer.faces.insightface import InsightFaceDetector
from streamfer.faces.retinaface import RetinaFace
from streamfer.faces.signature import signature_of
from streamfer.faces.ultralight import UltraLight
from streamfer.faces.yunet import YuNet
from streamfer.weights.catalogue import resolve
from streamfer.weights.runtime import Device, model_name

KINDS = (CenterFace, InsightFaceDetector, RetinaFace, UltraLight, YuNet)


class Detector(Protocol):
    """Finds faces in pictures at the size they are given.

    `name` and `sha256` say which weights, `runtime` what runs them.
    """

    name: str
    sha256: str
    runtime: str

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels.

        Pictures may differ in size; what is found in one does not depend on the others.
        """
        ...


def load_detector(
    name: str = "default", device: Device = "cpu", min_score: float = Analysis.min_score
) -> Detector:
    """The detector called `name`, or whose weights lie at that path.

    A path is an ONNX file of one of the `KINDS`, or a folder with the three networks of MTCNN.
    Which it is, is read from the file itself. Faces with a score below `min_score` are not
    reported.

    Raises:
        UsageError: There is no such detector, or the weights are of no known kind.
    """
    path = resolve(model_name(name, "detector", device), "detector")
    if path.is_dir():
        from streamfer.faces.mtcnn import Mtcnn  # noqa: PLC0415 - torch costs seconds

        return Mtcnn(path, device, min_score)
    signature = signature_of(path)
    for kind in KINDS:
        if kind.reads(signature):
            return kind(path, device, min_score)
    raise UsageError(
        f"{path} is no face detector of a known kind (CenterFace, SCRFD and RetinaFace of "
        "insightface, RetinaFace-MobileNet with prior boxes, RFB, YuNet with prior boxes, or a "
        f"folder with the three networks of MTCNN): {signature}."
    )
