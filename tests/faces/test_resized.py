from collections.abc import Sequence

import numpy as np
import pytest

from streamfer.faces.detections import Faces
from streamfer.faces.resized import detect_resized


class EdgeDetector:
    """Takes each picture for one face, so that its box is the picture's own."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Faces]:
        self.seen.extend(pictures)
        return [
            Faces(
                np.array([[0, 0, picture.shape[1], picture.shape[0]]], np.float32),
                np.zeros((1, 5, 2), np.float32),
                np.ones(1, np.float32),
            )
            for picture in pictures
        ]


@pytest.mark.parametrize(
    ("shape", "side", "seen"),
    [
        ((1080, 1920), 640, (360, 640)),
        ((33, 1000), 640, (21, 640)),
        ((1000, 3), 100, (100, 1)),
        ((112, 200), 400, (224, 400)),
        ((97, 61), 97, (97, 61)),
    ],
)
def test_boxes_come_back_in_the_pixels_of_the_picture(
    shape: tuple[int, int], side: int, seen: tuple[int, int]
) -> None:
    detector = EdgeDetector()
    (faces,) = detect_resized(detector.detect, [np.zeros((*shape, 3), np.uint8)], [side])
    assert detector.seen[0].shape == (*seen, 3)
    assert faces.boxes[0] == pytest.approx([0, 0, shape[1], shape[0]], rel=1e-6)


def test_a_picture_made_smaller_is_averaged() -> None:
    stripes = np.zeros((300, 300, 3), np.uint8)
    stripes[:, ::2] = 200
    detector = EdgeDetector()
    detect_resized(detector.detect, [stripes], [75])
    assert (detector.seen[0] == 100).all()
