from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data

from streamfer.config import Analysis
from streamfer.faces.cuts import CutDetector


def cuts_among(pictures: list[np.ndarray]) -> list[int]:
    detector = CutDetector(Analysis().cut_distance)
    return [index for index, picture in enumerate(pictures) if detector.is_cut(picture)]


def test_cuts_are_found_where_they_are(six_people: np.ndarray, astronaut: np.ndarray) -> None:
    cat = skimage.data.chelsea()
    pictures = [six_people] * 3 + [astronaut] * 2 + [cat] * 4 + [six_people]
    assert cuts_among(pictures) == [3, 5, 9]


def test_a_moving_camera_is_no_cut(six_people: np.ndarray) -> None:
    assert (
        cuts_among([six_people[2 * k : 2 * k + 600, 8 * k : 8 * k + 800] for k in range(50)]) == []
    )


def test_the_exposure_of_a_camera_that_adapts_is_no_cut(astronaut: np.ndarray) -> None:
    brighter = [cv2.convertScaleAbs(astronaut, alpha=1 + 0.03 * k) for k in range(10)]
    assert cuts_among(brighter) == []


def test_compression_noise_is_no_cut(astronaut: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(0, 6, (6, *astronaut.shape))
    assert cuts_among(list(np.clip(astronaut + noise, 0, 255).astype(np.uint8))) == []


def test_pictures_of_different_sizes_compare(astronaut: np.ndarray) -> None:
    small = cv2.resize(astronaut, (131, 77), interpolation=cv2.INTER_AREA)
    assert cuts_among([astronaut, small, astronaut[:1, :1], small]) == [2, 3]


def test_the_distance_decides() -> None:
    left, right = np.zeros((2, 100, 100, 3), np.uint8)
    right[:, :50] = 255  # half of the colours in common: a distance of sqrt(1 - sqrt(1/2)) = .54
    for distance, expected in ((0.53, True), (0.55, False)):
        detector = CutDetector(distance)
        assert not detector.is_cut(left)
        assert detector.is_cut(right) is expected


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ("face_recognition__short_hamilton_clip.mp4", [8, 18, 40]),
        ("facenet__video.mp4", []),
        ("fer__test.mp4", []),
    ],
)
def test_real_clips(clips: Path, clip: str, expected: list[int]) -> None:
    """The ticks at which a shot begins, five a second."""
    nearest: dict[int, tuple[float, np.ndarray]] = {}
    with av.open(str(clips / clip)) as container:
        start = (container.start_time or 0) / av.time_base
        for frame in container.decode(video=0):
            assert frame.time is not None
            tick = round((frame.time - start) * 5)
            away = abs((frame.time - start) * 5 - tick)
            if tick not in nearest or away < nearest[tick][0]:
                nearest[tick] = away, frame.to_ndarray(format="rgb24")
    ticks = sorted(nearest)
    cuts = cuts_among([nearest[tick][1] for tick in ticks])
    assert [ticks[index] for index in cuts] == expected
