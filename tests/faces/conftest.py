"""Photographs that installed packages carry, and the default detector."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from streamfer.faces.detector import Detector, load_detector


@pytest.fixture(scope="session")
def six_people() -> np.ndarray:
    """1280 x 886, RGB: six faces, each about 100 pixels wide."""
    package = find_spec("insightface")
    assert package is not None
    assert package.origin is not None
    picture = cv2.imread(str(Path(package.origin).parent / "data" / "images" / "t1.jpg"))
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """512 x 512, RGB: one face."""
    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def detector() -> Detector:
    return load_detector("default")
