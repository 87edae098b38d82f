import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.faces.align import TEMPLATE, align, cut_boxes, similarity
from streamfer.faces.detector import Detector

angles, scales, places = st.floats(-180, 180), st.floats(0.05, 20), st.floats(-500, 500)


@given(angle=angles, scale=scales, x=places, y=places)
def test_a_moved_template_is_brought_back(angle: float, scale: float, x: float, y: float) -> None:
    turn = scale * np.exp(1j * np.radians(angle))
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    moved = (TEMPLATE @ matrix.T + [x, y]).astype(np.float32)
    found = similarity(moved, TEMPLATE)
    back = moved @ found[:, :2].T + found[:, 2]
    # Single precision of numbers as large as the places.
    assert back == pytest.approx(TEMPLATE, abs=1e-3 / scale + 1e-4)
    assert found[0, 0] == found[1, 1]
    assert found[0, 1] == -found[1, 0]


@given(st.lists(st.tuples(places, places), min_size=5, max_size=5), st.floats(-0.1, 0.1))
def test_no_other_similarity_fits_better(points: list[tuple[float, float]], change: float) -> None:
    source = np.array(points, np.float32)
    best = similarity(source, TEMPLATE)

    def error(matrix: np.ndarray) -> float:
        return float(((source @ matrix[:, :2].T + matrix[:, 2] - TEMPLATE) ** 2).sum())

    turned, shrunk = [[0, change, 0], [-change, 0, 0]], [[change, 0, 0], [0, change, 0]]
    for other in (turned, shrunk, [[0, 0, change], [0, 0, -change]]):
        assert error(best) <= error(best + np.array(other)) + 1e-6


def crosses(picture_side: int, points: np.ndarray) -> np.ndarray:
    """Blurred white dots at `points`, each in its own row of the result's last axis."""
    rows, columns = np.mgrid[:picture_side, :picture_side] + 0.5
    sigma = picture_side / 40
    distances = (columns - points[:, 0, None, None]) ** 2 + (rows - points[:, 1, None, None]) ** 2
    return (255 * np.exp(-distances / 2 / sigma**2)).astype(np.uint8)


def centre(image: np.ndarray) -> np.ndarray:
    weights = image.astype(np.float64)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("side", [60, 200, 777])
@pytest.mark.parametrize("angle", [0, 30, -100])
def test_landmarks_land_on_the_template_to_a_fraction_of_a_pixel(side: int, angle: float) -> None:
    turn = np.radians(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = ((TEMPLATE - 0.5) @ matrix.T * 0.6 * side + side / 2).astype(np.float32)
    for dot, target in zip(crosses(side, points), TEMPLATE, strict=True):
        picture = np.repeat(dot[:, :, None], 3, axis=2)
        (crop,) = align(picture, points[None], 48)
        assert centre(crop[:, :, 0]) == pytest.approx(target * 48, abs=0.15)


def test_a_large_face_is_averaged_not_skipped_through() -> None:
    """Stripes finer than a pixel of the crop become an even grey."""
    picture = np.zeros((800, 800, 3), np.uint8)
    picture[:, ::2] = 200
    (crop,) = align(picture, TEMPLATE[None] * 700 + 50, 48)
    assert np.abs(crop.astype(int) - 100).max() <= 4


def test_beyond_the_edge_the_border_is_repeated() -> None:
    picture = np.full((100, 100, 3), 77, np.uint8)
    (crop,) = align(picture, TEMPLATE[None] * 150 - 60, 48)
    assert (crop == 77).all()


def test_crops_of_real_faces_have_their_landmarks_at_the_template(
    six_people: np.ndarray, detector: Detector
) -> None:
    (found,) = detector.detect([six_people])
    crops = align(six_people, found.landmarks, 160)
    assert crops.shape == (6, 160, 160, 3)
    framed = [cv2.copyMakeBorder(crop, *[32] * 4, cv2.BORDER_REPLICATE) for crop in crops]
    for faces in detector.detect(framed):
        # The two people seen from the side do not fit a frontal template better than this.
        assert np.abs((faces.landmarks[0] - 32) / 160 - TEMPLATE).max() < 0.15
        assert np.abs((faces.landmarks[0] - 32) / 160 - TEMPLATE).mean() < 0.06


def test_no_face_no_crop(astronaut: np.ndarray) -> None:
    assert align(astronaut, np.empty((0, 5, 2), np.float32), 48).shape == (0, 48, 48, 3)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), 300.0), TEMPLATE * 1e-6])
def test_landmarks_that_make_no_face_cost_no_memory(
    astronaut: np.ndarray, points: np.ndarray
) -> None:
    assert align(astronaut, points[None].astype(np.float32), 48).shape == (1, 48, 48, 3)


def test_mirrored_landmarks_cost_no_memory(astronaut: np.ndarray) -> None:
    mirrored = (TEMPLATE * [-300, 300] + [400, 100]).astype(np.float32)
    assert align(astronaut, mirrored[None], 48).shape == (1, 48, 48, 3)


def test_a_box_is_cut_out_without_margin_and_made_square() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[10:30, 40:50] = [[[200, 100, 0]], [[100, 50, 0]]] * 10
    (crop,) = cut_boxes(picture, np.array([[40, 10, 50, 30]], np.float32), 10)
    # Two rows become one: their mean, which sampling would miss.
    assert (crop == [150, 75, 0]).all()


def test_a_box_beyond_the_edges_is_clipped(astronaut: np.ndarray) -> None:
    height, width = astronaut.shape[:2]
    beyond = np.array([[-50, -20, 100, 100], [width - 90, height - 64, width + 9, 9999]])
    within = np.array([[0, 0, 100, 100], [width - 90, height - 64, width, height]])
    crops = cut_boxes(astronaut, beyond.astype(np.float32), 64)
    assert (crops == cut_boxes(astronaut, within.astype(np.float32), 64)).all()
    expected = cv2.resize(astronaut[:100, :100], (64, 64), interpolation=cv2.INTER_AREA)
    assert (crops[0] == expected).all()


@pytest.mark.parametrize("x", [-500, 500])
@pytest.mark.parametrize("y", [-500, 500])
def test_a_box_outside_the_picture_shows_the_edge(x: float, y: float) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    corner = picture[-(y > 0), -(x > 0)]
    corner[:] = [10, 20, 30]
    outside = np.array([[x, y, x + 30, y + 40], [x, y, x, y]], np.float32)
    assert (cut_boxes(picture, outside, 8) == [10, 20, 30]).all()


def test_no_box_no_crop(astronaut: np.ndarray) -> None:
    assert cut_boxes(astronaut, np.empty((0, 4), np.float32), 48).shape == (0, 48, 48, 3)
