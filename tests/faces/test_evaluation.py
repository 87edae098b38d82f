from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.errors import InputError, UsageError
from streamfer.faces.detections import iou
from streamfer.faces.detector import Detector, load_detector
from streamfer.faces.evaluation import MATCH_IOU, Score, count_matches, evaluate, pictures_at
from streamfer.faces.truth import read_truth
from tests.faces.marked_video import (
    FPS,
    PLACES,
    make_marked_video,
    picture_with,
    true_rows,
    write_truth,
)

FACES = sum(place is not None for place in PLACES)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    return make_marked_video(tmp_path_factory.mktemp("marked") / "marked.mp4", astronaut)


@pytest.fixture(scope="module")
def sure() -> Detector:
    return load_detector("default", min_score=0.7)


def score(video: Path, rows: list[str], detector: Detector, longest_side: int = 300) -> Score:
    truth = read_truth(write_truth(video.with_suffix(".csv"), rows))
    (result,) = evaluate(str(video), truth, [detector], longest_side)
    return result


def counts(result: Score) -> tuple[int, int, int]:
    return result.tp, result.fp, result.fn


def test_the_truth_is_found_whole(video: Path, sure: Detector) -> None:
    result = score(video, true_rows(), sure)
    assert counts(result) == (FACES, 0, 0)
    assert result.iou == 1
    assert result.pictures == len(PLACES)
    assert result.fps == result.pictures / result.seconds > 0


def test_a_missed_face_is_a_false_negative(video: Path, sure: Detector) -> None:
    rows = [*true_rows(), "0.4,400,10,40,50"]
    assert counts(score(video, rows, sure)) == (FACES, 0, 1)


def test_a_face_where_none_is_marked_is_a_false_positive(video: Path, sure: Detector) -> None:
    rows = ["0,,,,", *true_rows()[1:]]
    result = score(video, rows, sure)
    assert counts(result) == (FACES - 1, 1, 0)
    assert result.iou == (FACES - 1) / FACES


def test_a_face_found_elsewhere_is_both(video: Path, sure: Detector) -> None:
    rows = ["0,300,100,80,100", *true_rows()[1:]]
    assert counts(score(video, rows, sure)) == (FACES - 1, 1, 1)


def test_pictures_that_are_not_marked_do_not_count(video: Path, sure: Detector) -> None:
    result = score(video, true_rows()[4:7], sure)
    assert counts(result) == (3, 0, 0)
    assert result.pictures == 3


def test_the_least_score_decides(video: Path, sure: Detector) -> None:
    strict = load_detector("default", min_score=0.99)
    assert counts(score(video, true_rows(), strict)) == (0, 0, FACES)


def test_the_longest_side_decides_what_can_be_seen(video: Path, sure: Detector) -> None:
    tiny = score(video, true_rows(), sure, longest_side=32)
    assert counts(tiny) == (0, 0, FACES)


def test_several_detectors_see_the_same(video: Path, sure: Detector) -> None:
    truth = read_truth(write_truth(video.with_suffix(".csv"), true_rows()))
    strict = load_detector("default", min_score=0.99)
    both = evaluate(str(video), truth, [strict, sure], 300)
    assert [counts(result) for result in both] == [(0, 0, FACES), (FACES, 0, 0)]


def test_nothing_marked_and_nothing_found_has_no_iou(video: Path, sure: Detector) -> None:
    result = score(video, ["0.3,,,,", "0.7,,,,"], sure)
    assert (counts(result), result.iou) == ((0, 0, 0), None)


@pytest.mark.parametrize("start", [0, 50])
def test_a_time_is_that_of_the_nearest_picture_on_a_players_clock(
    tmp_path: Path, astronaut: np.ndarray, start: int
) -> None:
    video = make_marked_video(tmp_path / "late.mkv", astronaut, start)
    times = [0, 0.04, 0.06, 0.2, 0.2, 0.33, 0.9, 0.95]
    shown = list(pictures_at(str(video), times))
    for time, picture in zip(times, shown, strict=True):
        expected = picture_with(astronaut, PLACES[min(round(time * FPS), len(PLACES) - 1)])
        assert np.abs(picture.astype(int) - expected).mean() < 4


def test_marks_outside_the_video_or_the_picture_are_refused(video: Path, sure: Detector) -> None:
    with pytest.raises(UsageError, match=r"marked at 2\.5 s, but the video ends before"):
        score(video, [*true_rows(), "2.5,1,1,20,20"], sure)
    for box in ("480,1,20,20", "1,320,20,20", "-30,1,20,20"):
        with pytest.raises(UsageError, match=r"at 0\.1 s is marked outside.*480 x 320"):
            score(video, [f"0.1,{box}"], sure)


def test_a_video_that_cannot_be_read_is_an_input_error(video: Path, sure: Detector) -> None:
    truth = read_truth(write_truth(video.with_suffix(".csv"), true_rows()))
    with pytest.raises(InputError, match="no such file"):
        evaluate(str(video.with_name("absent.mp4")), truth, [sure], 300)


def test_each_box_is_matched_once_and_the_best_pair_first() -> None:
    truth = np.array([[0, 0, 10, 10], [4, 0, 14, 10]], np.float32)
    between = np.array([[2, 0, 12, 10]], np.float32)
    assert count_matches(truth, between) == 1
    assert count_matches(truth, np.repeat(truth[:1], 3, axis=0)) == 1
    assert count_matches(truth, truth[::-1]) == 2
    assert count_matches(truth, truth + np.float32([0, 5, 0, 5])) == 0
    assert count_matches(truth, np.empty((0, 4), np.float32)) == 0
    assert count_matches(truth[:0], between) == 0


corners = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=6)


@given(corners, corners)
def test_matching_is_symmetric_and_never_more_than_there_are_pairs(
    a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    first, second = (
        np.array([[x, y, x + 10, y + 10] for x, y in boxes], np.float32).reshape(-1, 4)
        for boxes in (a, b)
    )
    matched = count_matches(first, second)
    possible = iou(first, second) >= MATCH_IOU
    assert matched <= min(possible.any(axis=1).sum(), possible.any(axis=0).sum())
    assert (matched > 0) == possible.any()
    assert count_matches(first, first) == len(first)
