"""What a face detector is, and loading one by name or by file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from streamfer.config import Analysis
from streamfer.faces.centerface import CenterFace
from streamfer.faces.detections import Faces, Picture
from streamfer.faces.insightface import InsightFaceDetector
from streamfer.weights.catalogue import resolve
from streamfer.weights.runtime import Device, load_network


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
    name: str, device: Device = "cpu", min_score: float = Analysis.min_score
) -> Detector:
    """The detector called `name`, or SCRFD or RetinaFace weights (.onnx) at that path.

    Faces with a score below `min_score` are not reported.

    Raises:
        UsageError: There is no such detector, or the file holds something else.
    """
    path = resolve(name, "detector")
    if path.stem == CenterFace.name:
        return CenterFace(load_network(path, device, free_dims=(0, 2, 3)), min_score)
    return InsightFaceDetector(path, device, min_score)
