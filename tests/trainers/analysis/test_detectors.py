import csv
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.demo_cutouts import cut_out
from streamfer.errors import UsageError
from trainers.analysis.detectors import Detecting, compare, here, person_track
from trainers.corpora.synthetic.film import write_video

RATE = 25
PICTURES = 80
COVERED = range(30, 40)
STRANGER = range(50, 56)


def boxes(*corners):
    return np.array(corners, np.float32).reshape(-1, 4)


PERSON, FALSE = (20, 20, 60, 70), (200, 20, 240, 70)


def test_the_track_is_where_most_detectors_agree_most_of_the_time():
    found = [[boxes(PERSON), boxes(FALSE, PERSON), boxes()] for _ in range(10)]
    assert all(np.array_equal(place, boxes(PERSON)) for place in person_track(found))


def test_a_flash_elsewhere_while_the_person_is_missed_is_not_the_person():
    found = [[boxes(PERSON), boxes(PERSON)] for _ in range(40)]
    found[20:25] = [[boxes(FALSE), boxes()] for _ in range(5)]
    track = person_track(found)
    assert [len(place) for place in track] == [1] * 20 + [0] * 5 + [1] * 15


def test_a_person_who_is_elsewhere_after_a_cut_is_followed():
    found = [[boxes(PERSON)] for _ in range(40)] + [[boxes(FALSE)] for _ in range(40)]
    track = person_track(found)
    assert np.array_equal(track[0], boxes(PERSON))
    assert np.array_equal(track[-1], boxes(FALSE))
    assert all(len(place) == 1 for place in track)


def test_nothing_found_is_no_track():
    assert [len(place) for place in person_track([[boxes()], [boxes()]])] == [0, 0]


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_a_track_has_one_place_a_picture_at_most_and_only_found_ones(counts, detectors, seed):
    rng = np.random.default_rng(seed)
    corners = [rng.integers(0, 300, (detectors, n, 2)).astype(np.float32) for n in counts]
    found = [[np.concatenate([c, c + 30], axis=1) for c in picture] for picture in corners]
    track = person_track(found)
    assert len(track) == len(found)
    for place, picture in zip(track, found, strict=True):
        everything = np.concatenate(picture)
        assert len(place) <= 1
        for box in place:
            low, high = everything.min(axis=0), everything.max(axis=0)
            assert np.all((box >= low - 1e-3) & (box <= high + 1e-3))


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """The astronaut moves to the right; she is covered for a while; later another face is there.

    With it: the true boxes of her alone.
    """
    folder = tmp_path_factory.mktemp("detectors")
    person, stranger = cut_out("astronaut"), cut_out("man in black")
    rows = []

    def pictures():
        for number in range(PICTURES):
            picture = np.full((360, 640, 3), (120, 130, 140), np.uint8)
            if number in STRANGER:
                put(picture, stranger.pixels, 330)
            if number not in COVERED:
                put(picture, person.pixels, number)
            x1, y1, x2, y2 = person.face + np.array([number, 0, number, 0])
            rows.append([number / RATE, x1, y1, x2 - x1, y2 - y1])
            yield picture

    path = folder / "99-30-720x720.mp4"
    write_video(path, pictures(), (640, 360), Fraction(RATE), "libx264")
    with (folder / "truth.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["time_s", "x", "y", "w", "h"], *rows])
    return path


def put(picture, pixels, x):
    pixels = pixels[:360, : 640 - x]
    alpha = pixels[..., 3:] / 255
    part = picture[: pixels.shape[0], x : x + pixels.shape[1]]
    part[:] = pixels[..., :3] + part * (1 - alpha)


DETECTORS = {"CenterFace": "centerface", "CenterFace int8": "centerface-int8"}


def test_counts_without_true_boxes_are_those_with_them(video):
    """70 pictures show her, 10 nobody, 6 somebody else besides."""
    for truth in (None, video.parent / "truth.csv"):
        rows = compare(video, DETECTORS, Detecting(0.5, 400), truth)
        assert list(rows) == list(DETECTORS)
        for row in rows.values():
            assert row.true_positives == PICTURES - len(COVERED)
            assert row.false_negatives == len(COVERED)
            assert row.false_positives == len(STRANGER)
            assert row.iou == pytest.approx(100 * 70 / 86)
            assert row.fps > 1


def test_a_higher_score_costs_faces(video):
    rows = [compare(video, DETECTORS, Detecting(score, 300)) for score in (0.5, 0.95)]
    found = [sum(row.true_positives for row in of.values()) for of in rows]
    assert found[0] > found[1]
    for of in rows:
        assert all(row.true_positives + row.false_negatives == PICTURES for row in of.values())


def test_the_detectors_that_a_package_brings_are_here():
    assert set(DETECTORS.values()) <= set(here())


def test_a_detector_or_a_video_that_is_none_is_told(video, tmp_path):
    with pytest.raises(UsageError, match="nothing-such"):
        compare(video, {"SSD": "nothing-such"})
    (tmp_path / "film.mp4").write_bytes(b"no film")
    with pytest.raises(UsageError, match=r"film\.mp4"):
        compare(tmp_path / "film.mp4", DETECTORS)


def test_other_kinds_of_detectors_take_part(video, shared):
    """Weights that streamfer does not ship, given by path; none needs the others to be right."""
    models = shared / "models"
    rows = compare(
        video,
        {
            "RetinaFace": str(models / "retinaface_mbnet0.25.onnx"),
            "SSD": str(models / "ultralight_version-RFB-640.onnx"),
            "YuNet": str(models / "yunet_yunet_final_dynamic_simplify.onnx"),
        },
    )
    for name, row in rows.items():
        assert row.true_positives > 60, name
        assert row.true_positives + row.false_negatives == PICTURES
