"""The int8 twin of CenterFace, as shipped and as made anew."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import skimage.data

from streamfer.faces.detections import Faces, iou
from streamfer.faces.detector import Detector, load_detector
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.weights.catalogue import resolve
from trainers.detector.quantize import calibration_pictures, static_int8


@pytest.fixture(scope="module")
def exact() -> Detector:
    return load_detector("centerface")


@pytest.fixture(scope="module")
def twin() -> Detector:
    return load_detector("centerface-int8")


def worst_agreement(exact: Faces, twin: Faces) -> tuple[float, float]:
    """The least IoU, and the largest mean distance of landmarks in widths of the face."""
    overlaps = iou(exact.boxes, twin.boxes)
    same = twin.select(overlaps.argmax(axis=1))
    widths = exact.boxes[:, 2] - exact.boxes[:, 0]
    distances = np.linalg.norm(exact.landmarks - same.landmarks, axis=2).mean(axis=1)
    return float(overlaps.max(axis=1).min()), float((distances / widths).max())


def test_the_twin_says_what_it_is(twin: Detector) -> None:
    assert (twin.name, twin.runtime) == ("centerface-int8", "onnxruntime-cpu-int8")
    assert resolve("centerface-int8", "detector").stat().st_size < 3_000_000


@pytest.mark.parametrize("brightness", [1, 0.3, 0.1])
@pytest.mark.parametrize("width", [512, 300, 128])
def test_the_twin_finds_the_same_face_by_day_and_night(
    exact: Detector, twin: Detector, brightness: float, width: int
) -> None:
    picture = (skimage.data.astronaut() * brightness).astype(np.uint8)
    picture = cv2.resize(picture, (width, width), interpolation=cv2.INTER_AREA)
    (expected,), (found,) = exact.detect([picture]), twin.detect([picture])
    assert len(expected) == len(found) == 1
    overlap, distance = worst_agreement(expected, found)
    assert overlap > 0.85
    assert distance < 0.05


def test_a_batch_changes_nothing(twin: Detector) -> None:
    """Static scales: dynamic ones would depend on the other pictures."""
    picture = skimage.data.astronaut()
    dark = (picture * 0.1).astype(np.uint8)
    together = twin.detect([picture, dark, picture[:, ::-1]])
    for faces, shown in zip(together, (picture, dark, picture[:, ::-1]), strict=True):
        (alone,) = twin.detect([shown])
        assert faces.boxes.tolist() == alone.boxes.tolist()


def test_the_dark_clip_is_no_darker_to_the_twin(
    clips: Path, exact: Detector, twin: Detector
) -> None:
    info = probe(str(clips / "face_recognition__short_hamilton_clip.mp4"), Limits())
    pictures = [sample.picture for sample in SampleReader(info, 1)]
    expected, found = exact.detect(pictures), twin.detect(pictures)
    faces = sum(map(len, expected))
    known = sum(
        int((iou(a.boxes, b.boxes) > 0.5).any(axis=1).sum())
        for a, b in zip(expected, found, strict=True)
        if len(b)
    )
    assert faces >= 20
    assert known >= 0.95 * faces


def test_a_twin_can_be_made_from_a_few_pictures(tmp_path: Path, exact: Detector) -> None:
    picture = skimage.data.astronaut()[:300, :400]
    float_file = resolve("centerface", "detector")
    onnx.save(static_int8(onnx.load(float_file), [picture]), tmp_path / "made.onnx")
    made = load_detector(str(tmp_path / "made.onnx"))
    assert made.runtime == "onnxruntime-cpu-int8"
    (expected,), (found,) = exact.detect([picture]), made.detect([picture])
    overlap, distance = worst_agreement(expected, found)
    assert overlap > 0.85
    assert distance < 0.05


@pytest.mark.slow
def test_the_shipped_twin_is_what_the_recipe_makes(
    clips: Path, tmp_path: Path, twin: Detector
) -> None:
    float_file = resolve("centerface", "detector")
    onnx.save(
        static_int8(onnx.load(float_file), calibration_pictures(clips)), tmp_path / "made.onnx"
    )
    made = load_detector(str(tmp_path / "made.onnx"))
    picture = skimage.data.astronaut()
    (expected,), (found,) = twin.detect([picture]), made.detect([picture])
    assert found.boxes == pytest.approx(expected.boxes, abs=1e-3)
    assert found.landmarks == pytest.approx(expected.landmarks, abs=1e-3)
