"""Runs the real detector over moving crops of real photographs."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from streamfer.config import Analysis
from streamfer.faces.detections import Faces, iou
from streamfer.faces.detector import Detector
from streamfer.faces.schedule import FaceFinder
from tests.faces.six_people import LANDMARKS

SETTINGS = Analysis(fps=5, detector_size=640)


class Watched:
    """The detector, counting what it is shown."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.pixels: list[int] = []

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Faces]:
        self.pixels.append(sum(picture.shape[0] * picture.shape[1] for picture in pictures))
        return self._detector.detect(pictures)


@pytest.fixture
def watched(detector: Detector) -> Watched:
    return Watched(detector)


@pytest.fixture(scope="session")
def pan(six_people: np.ndarray) -> list[np.ndarray]:
    """24 pictures, 640 x 360: the camera moves over six people, who come and go at its edges."""
    return [
        np.ascontiguousarray(six_people[120 + 4 * k : 480 + 4 * k, 20 * k : 20 * k + 640])
        for k in range(24)
    ]


def same(a: Faces, b: Faces) -> bool:
    return (
        np.array_equal(a.boxes, b.boxes)
        and np.array_equal(a.landmarks, b.landmarks)
        and np.array_equal(a.scores, b.scores)
    )


def run(detector: Detector, samples: Sequence[tuple[int, np.ndarray]]) -> dict[int, Faces]:
    finder = FaceFinder(detector.detect, SETTINGS)
    return {tick: finder.find(tick, picture, cut=False) for tick, picture in samples}


def test_a_moving_face_is_found_at_every_tick_and_cheaply(
    six_people: np.ndarray, watched: Watched
) -> None:
    finder = FaceFinder(watched.detect, SETTINGS)
    for tick in range(10):
        x, y = 700 + 12 * tick, 330 - 5 * tick
        # The one face between x = 640 and x = 1000, seen by a camera that moves.
        picture = six_people[y - 60 : y + 180, x - 60 : x + 160]
        faces = finder.find(tick, picture, cut=False).shifted(x - 60, y - 60)
        assert len(faces) == 1
        assert iou(faces.boxes, np.array([[748, 345, 847, 482]], np.float32)) > 0.75
    whole, between = watched.pixels[0], watched.pixels[1:5]
    assert watched.pixels[5] == whole
    assert max(between) <= 128 * 128


def test_regions_find_what_the_whole_picture_shows(
    pan: list[np.ndarray], detector: Detector
) -> None:
    seen = found = 0
    for tick, faces in run(detector, list(enumerate(pan))).items():
        noses = LANDMARKS[:, 2] - [20 * tick, 120 + 4 * tick]
        inside = (noses > faces.boxes[:, None, :2]) & (noses < faces.boxes[:, None, 2:])
        people = inside.all(axis=2)  # (faces, people)
        assert (people.sum(axis=1) == 1).all(), "a face where none is"
        assert (people.sum(axis=0) <= 1).all(), "one face found twice"
        (truth,) = detector.detect([pan[tick]])
        seen += len(truth)
        found += int((iou(truth.boxes, faces.boxes) > 0.5).any(axis=1).sum())
    assert seen >= 60
    # Only who comes into sight between two full seconds is found late.
    assert found / seen > 0.9


@pytest.mark.parametrize("start", [5, 10, 15])
def test_faces_do_not_depend_on_where_reading_began(
    pan: list[np.ndarray], detector: Detector, start: int
) -> None:
    samples = list(enumerate(pan))
    whole, part = run(detector, samples), run(detector, samples[start:])
    assert all(same(part[tick], whole[tick]) for tick in part)
    assert sum(map(len, part.values())) > 15


def test_nor_where_the_first_tick_of_a_second_has_no_frame(
    pan: list[np.ndarray], detector: Detector
) -> None:
    samples = [(tick, picture) for tick, picture in enumerate(pan) if tick not in (10, 11)]
    whole = run(detector, samples)
    part = run(detector, [sample for sample in samples if sample[0] >= 12])
    assert all(same(part[tick], whole[tick]) for tick in part)


def test_a_cut_has_the_whole_picture_searched(
    six_people: np.ndarray, astronaut: np.ndarray, detector: Detector
) -> None:
    first = cv2.resize(six_people, (512, 354), interpolation=cv2.INTER_AREA)
    first = cv2.copyMakeBorder(first, 0, 512 - 354, 0, 0, cv2.BORDER_CONSTANT)
    told, untold = (FaceFinder(detector.detect, SETTINGS) for _ in range(2))
    assert len(told.find(0, astronaut, cut=False)) == len(untold.find(0, astronaut, cut=False)) == 1
    assert len(told.find(1, first, cut=True)) == 6
    assert len(untold.find(1, first, cut=False)) < 6


def test_after_a_cut_what_was_before_it_does_not_matter(
    pan: list[np.ndarray], astronaut: np.ndarray, detector: Detector
) -> None:
    other = np.ascontiguousarray(cv2.resize(astronaut, (640, 640))[:360])
    a, b = (FaceFinder(detector.detect, SETTINGS) for _ in range(2))
    for tick in range(2):
        a.find(tick, pan[tick], cut=False)
        b.find(tick, other, cut=False)
    assert all(
        same(a.find(t, pan[t], cut=t == 2), b.find(t, pan[t], cut=t == 2)) for t in (2, 3, 4)
    )


def test_a_face_that_is_hidden_for_a_moment_is_found_again(
    astronaut: np.ndarray, detector: Detector
) -> None:
    finder = FaceFinder(detector.detect, SETTINGS)
    hidden = astronaut.copy()
    hidden[:300] = 90
    pictures = [astronaut, hidden, hidden, astronaut]
    found = [len(finder.find(tick, picture, cut=False)) for tick, picture in enumerate(pictures)]
    assert found == [1, 0, 0, 1]


def test_where_nobody_is_known_nothing_is_computed_until_the_next_second(
    watched: Watched,
) -> None:
    finder = FaceFinder(watched.detect, SETTINGS)
    empty = np.full((360, 640, 3), 60, np.uint8)
    assert [len(finder.find(tick, empty, cut=False)) for tick in range(7)] == [0] * 7
    assert watched.pixels == [640 * 360] * 2


def test_a_crowd_is_searched_as_a_whole(six_people: np.ndarray, watched: Watched) -> None:
    finder = FaceFinder(watched.detect, SETTINGS)
    assert [len(finder.find(tick, six_people, cut=False)) for tick in range(3)] == [6, 6, 6]
    assert watched.pixels == [640 * 443] * 3


def test_faces_close_together_are_each_found_once(six_people: np.ndarray, watched: Watched) -> None:
    """Two heads whose regions overlap and show a part of the other's face."""
    left = six_people[230:450, 440:590]
    picture = np.concatenate([left, left[:, ::-1], np.full((220, 500, 3), 120, np.uint8)], axis=1)
    finder = FaceFinder(watched.detect, SETTINGS)
    counts = [len(finder.find(tick, picture, cut=False)) for tick in range(5)]
    assert counts == [2] * 5
    assert all(pixels <= 2 * 128 * 128 for pixels in watched.pixels[1:])


def bright_rectangles(pictures: Sequence[np.ndarray]) -> list[Faces]:
    """A detector of white rectangles, surest of those that the picture's border cuts."""
    found = []
    for picture in pictures:
        height, width = picture.shape[:2]
        _, _, stats, _ = cv2.connectedComponentsWithStats((picture[:, :, 0] > 127).astype(np.uint8))
        x, y, w, h = stats[1:, :4].T
        cut = (x == 0) | (y == 0) | (x + w == width) | (y + h == height)
        boxes = np.stack([x, y, x + w, y + h], axis=1).astype(np.float32)
        scores = np.where(cut, 0.9, 0.6).astype(np.float32)
        found.append(Faces(boxes, np.zeros((len(boxes), 5, 2), np.float32), scores))
    return found


def test_a_face_cut_off_by_a_region_gives_way_to_the_whole_one() -> None:
    picture = np.zeros((360, 640, 3), np.uint8)
    truth = np.array([[200, 100, 240, 150], [270, 110, 310, 160]], np.float32)
    for x1, y1, x2, y2 in truth.astype(int):
        picture[y1:y2, x1:x2] = 255
    finder = FaceFinder(bright_rectangles, SETTINGS)
    for tick in range(5):
        boxes = finder.find(tick, picture, cut=False).boxes
        assert boxes[np.argsort(boxes[:, 0])] == pytest.approx(truth, abs=1.5)


def test_a_change_of_size_starts_anew(astronaut: np.ndarray, detector: Detector) -> None:
    finder = FaceFinder(detector.detect, SETTINGS)
    large = cv2.resize(astronaut, (1400, 1400))
    (first,) = finder.find(0, astronaut, cut=False).boxes
    (second,) = finder.find(1, large, cut=False).boxes
    assert second * 512 / 1400 == pytest.approx(first, abs=4)


@pytest.mark.parametrize("side", [200, 512, 1600])
def test_a_face_that_fills_the_picture_stays_found(
    astronaut: np.ndarray, detector: Detector, side: int
) -> None:
    face = cv2.resize(astronaut[60:200, 160:290], (side * 13 // 14, side))
    finder = FaceFinder(detector.detect, SETTINGS)
    assert [len(finder.find(tick, face, cut=False)) for tick in range(5)] == [1] * 5


def test_a_small_picture_is_enlarged(six_people: np.ndarray, detector: Detector) -> None:
    small = cv2.resize(six_people, (120, 83), interpolation=cv2.INTER_AREA)
    found = FaceFinder(detector.detect, SETTINGS).find(0, small, cut=False)
    assert len(found) == 6
    assert (found.boxes[:, 2] < 120).all()
