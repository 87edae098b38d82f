"""Real faces, from photographs that installed packages carry."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from streamfer.emotion.backbone import Crop
from streamfer.faces.align import align, cut_boxes
from streamfer.faces.detector import load_detector
from trainers.analysis.explain.photograph import read_photograph


def packaged(package: str, path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / path


ASTRONAUT = packaged("skimage", "data/astronaut.png")
ADMIRAL = packaged("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
SIX = packaged("insightface", "data/images/t1.jpg")


def real_faces(crop: Crop) -> list[np.ndarray]:
    """Eight people's faces, cut out as a backbone wants them."""
    detector = load_detector()
    faces: list[np.ndarray] = []
    for path in (ASTRONAUT, ADMIRAL, SIX):
        picture = read_photograph(path)
        (found,) = detector.detect([picture])
        cut = (
            align(picture, found.landmarks, crop.size)
            if crop.aligned
            else cut_boxes(picture, found.boxes, crop.size)
        )
        faces.extend(cut)
    return faces
