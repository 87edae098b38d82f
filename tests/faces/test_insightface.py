from pathlib import Path

import numpy as np
import pytest

from streamfer.faces.detector import Detector, load_detector
from tests.faces.six_people import LANDMARKS, TOLERANCE


@pytest.fixture(scope="module")
def scrfd(shared: Path) -> Detector:
    file = shared / "models" / "scrfd_500m_bnkps.onnx"
    if not file.is_file():
        pytest.skip(f"no SCRFD weights ({file})")
    return load_detector(str(file))


def test_scrfd_finds_six_faces_with_their_landmarks(
    six_people: np.ndarray, scrfd: Detector
) -> None:
    (found,) = scrfd.detect([six_people])
    assert found.scores[0] == pytest.approx(0.8532, abs=2e-3)  # read as BGR it would be another
    landmarks = found.landmarks[np.argsort(found.boxes[:, 0])]
    assert np.abs(landmarks - LANDMARKS).max() < TOLERANCE
    assert (scrfd.name, scrfd.runtime) == ("scrfd_500m_bnkps", "onnxruntime-cpu-fp32")


def test_scrfd_takes_pictures_of_any_size(six_people: np.ndarray, scrfd: Detector) -> None:
    odd = six_people[:801, :1255]
    few, none, all_six = scrfd.detect([odd, np.zeros((1, 70, 3), np.uint8), six_people])
    assert [len(few), len(none), len(all_six)] == [6, 0, 6]
    assert np.abs(np.sort(few.boxes[:, 0]) - np.sort(all_six.boxes[:, 0])).max() < 1
