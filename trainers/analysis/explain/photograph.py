"""From a photograph to the face in it, cut out as a backbone wants it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.backbone import Crop
from streamfer.errors import InputError
from streamfer.faces.align import align, cut_boxes
from streamfer.faces.detections import Faces, area
from streamfer.faces.detector import Detector
from streamfer.faces.schedule import FaceFinder

BORDER = 0.2
"""Width of the border put around a picture that is all face, in shares of its longer side."""


@dataclass(frozen=True)
class Found:
    """The largest face of a photograph, uint8 (S, S, 3) RGB; `count` is how many there are."""

    face: NDArray[np.uint8]
    count: int


def read_photograph(path: Path) -> NDArray[np.uint8]:
    """A picture file as people see it, turned as its camera says: uint8 (H, W, 3) RGB.

    Raises:
        InputError: The file cannot be read, or is no picture.
    """
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise InputError(f"The picture {path} cannot be read: {error.strerror}.") from None
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error:  # it is empty, or says that it is huge
        picture = None
    if picture is None:
        raise InputError(f"{path} is not a picture that can be read, such as a JPEG or a PNG.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def find_face(picture: NDArray[np.uint8], detector: Detector, crop: Crop) -> Found | None:
    """The largest face of a picture (H, W, 3), cut out; None where there is none.

    A picture that is a face to its edges is looked at once more with a border around it.
    """
    faces = _search(picture, detector)
    if not len(faces):
        width = round(BORDER * max(picture.shape))
        framed = np.pad(picture, ((width, width), (width, width), (0, 0)))
        faces = _search(framed, detector).shifted(-width, -width)
    if not len(faces):
        return None
    largest = faces.select(np.argsort(-area(faces.boxes))[:1])
    cut = (
        align(picture, largest.landmarks, crop.size)
        if crop.aligned
        else cut_boxes(picture, largest.boxes, crop.size)
    )
    return Found(cut[0], len(faces))


def _search(picture: NDArray[np.uint8], detector: Detector) -> Faces:
    return FaceFinder(detector.detect, Analysis()).find(0, picture, cut=True)
