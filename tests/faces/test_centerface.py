import cv2
import numpy as np
import pytest
import skimage.data

from streamfer.faces.detections import Faces, iou
from streamfer.faces.detector import Detector, load_detector
from tests.faces.six_people import LANDMARKS, TOLERANCE


@pytest.fixture(scope="module")
def detector() -> Detector:
    """The published network, whatever the default makes of it."""
    return load_detector("centerface")


def by_place(faces: Faces) -> Faces:
    return faces.select(np.argsort(faces.boxes[:, 0]))


def resized(picture: np.ndarray, width: int) -> np.ndarray:
    height = round(picture.shape[0] * width / picture.shape[1])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("width", [1280, 640, 320])
def test_six_faces_with_their_landmarks_in_order(
    six_people: np.ndarray, detector: Detector, width: int
) -> None:
    (found,) = detector.detect([resized(six_people, width)])
    faces = by_place(found).scaled(1280 / width, 1280 / width)
    assert len(faces) == 6
    tolerance = TOLERANCE if width > 320 else 2 * TOLERANCE
    assert np.abs(faces.landmarks - LANDMARKS).max() < tolerance
    low, high = faces.boxes[:, None, :2], faces.boxes[:, None, 2:]
    assert ((faces.landmarks > low) & (faces.landmarks < high)).all()
    assert (np.diff(found.scores) <= 0).all()


def test_pictures_are_read_as_rgb(six_people: np.ndarray, detector: Detector) -> None:
    picture = resized(six_people, 640)
    rgb, bgr = detector.detect([picture, np.ascontiguousarray(picture[:, :, ::-1])])
    assert rgb.scores == pytest.approx([0.931, 0.915, 0.913, 0.885, 0.877, 0.866], abs=2e-3)
    assert bgr.scores != pytest.approx(rgb.scores, abs=5e-3)


@pytest.mark.parametrize("side", [64, 128, 320, 640, 1000, 2000])
def test_a_face_that_fills_the_picture(
    six_people: np.ndarray, detector: Detector, side: int
) -> None:
    x1, y1, x2, y2 = 736, 332, 857, 496
    face = cv2.resize(
        six_people[y1:y2, x1:x2], (side * 3 // 4, side), interpolation=cv2.INTER_CUBIC
    )
    (found,) = detector.detect([face])
    assert len(found) == 1
    fractions = found.landmarks[0] / [face.shape[1], face.shape[0]]
    truth = (LANDMARKS[3] - [x1, y1]) / [x2 - x1, y2 - y1]
    assert np.abs(fractions - truth).max() < 0.08


@pytest.mark.parametrize(("height", "width"), [(885, 1277), (801, 1255), (1001, 1403)])
def test_sides_of_any_length_give_the_same_faces(
    six_people: np.ndarray, detector: Detector, height: int, width: int
) -> None:
    """Cut or extended by what shows no face."""
    canvas = np.zeros((height, width, 3), np.uint8)
    rows, columns = min(height, 886), min(width, 1280)
    canvas[:rows, :columns] = six_people[:rows, :columns]
    expected, found = (by_place(f) for f in detector.detect([six_people, canvas]))
    assert len(found) == 6
    assert np.abs(found.boxes - expected.boxes).max() < 1


def test_a_batch_gives_what_single_pictures_give(
    six_people: np.ndarray, astronaut: np.ndarray, detector: Detector
) -> None:
    pictures = [
        resized(six_people, 640),
        astronaut,
        resized(six_people, 630),  # padded to the size of the first
        six_people[:, ::-1],
        np.zeros((96, 128, 3), np.uint8),
        resized(six_people, 640)[:, 200:],
    ]
    together = detector.detect(pictures)
    assert [len(faces) for faces in together] == [6, 1, 6, 6, 0, 4]
    for picture, faces in zip(pictures, together, strict=True):
        (alone,) = detector.detect([picture])
        assert faces.boxes == pytest.approx(alone.boxes, abs=0.01)
        assert faces.scores == pytest.approx(alone.scores, abs=1e-4)


def test_more_pictures_than_fit_one_batch(astronaut: np.ndarray, detector: Detector) -> None:
    found = detector.detect([astronaut] * 9)
    assert [len(faces) for faces in found] == [1] * 9
    assert all((faces.boxes == found[0].boxes).all() for faces in found)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (1300, 2), (31, 33)])
def test_the_smallest_pictures(detector: Detector, shape: tuple[int, int]) -> None:
    assert len(detector.detect([np.full((*shape, 3), 128, np.uint8)])[0]) == 0


def test_no_picture_no_faces(detector: Detector) -> None:
    assert detector.detect([]) == []


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "hubble_deep_field", "grass"])
@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_found_where_nobody_is(detector: Detector, name: str, width: int) -> None:
    picture = getattr(skimage.data, name)()
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    assert len(detector.detect([resized(picture, width)])[0]) == 0


def test_min_score_decides_what_is_reported(six_people: np.ndarray) -> None:
    picture = resized(six_people, 640)
    (all_faces,) = load_detector("centerface", min_score=0.5).detect([picture])
    (best,) = load_detector("centerface", min_score=0.9).detect([picture])
    assert len(all_faces) == 6
    assert best.scores.tolist() == [s for s in all_faces.scores.tolist() if s >= 0.9]


def test_mirrored_people_have_mirrored_faces(six_people: np.ndarray, detector: Detector) -> None:
    picture = resized(six_people, 640)
    found, mirrored = detector.detect([picture, np.ascontiguousarray(picture[:, ::-1])])
    boxes = mirrored.boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [640, 0, 640, 0]
    assert (iou(found.boxes, boxes.astype(np.float32)).max(axis=1) > 0.8).all()
    # Left and right are those of the picture, not of the person.
    assert (mirrored.landmarks[:, 0, 0] < mirrored.landmarks[:, 1, 0]).all()
