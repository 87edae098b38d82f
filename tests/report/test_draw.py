"""What is drawn is where it should be; what is hidden cannot be told any more."""

import numpy as np
import pytest
import skimage.data

from streamfer.faces.detector import load_detector
from streamfer.report.draw import draw, hide
from streamfer.report.marks import Mark


def grey(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def mark(*box: float, track: int = 0, best: int = 1) -> Mark:
    probabilities = np.full(7, 0.05)
    probabilities[best] = 0.7
    return Mark(track, np.array(box), probabilities)


def changed(picture: np.ndarray) -> np.ndarray:
    return (picture != 90).any(axis=2)


def test_a_box_is_drawn_around_the_face_and_a_panel_below():
    picture = grey(1280, 720)
    draw(picture, [mark(0.25, 0.25, 0.5, 0.5)])
    where = changed(picture)
    for y, x in ((180, 400), (360, 400), (270, 320), (270, 640)):
        assert where[y, x]
    assert not where[190:350, 330:630].any()  # the face itself
    assert not where[:170].any()
    assert not where[:, 660:].any()
    assert where[370:400, 330:400].mean() > 0.9


def test_the_bar_of_the_likeliest_emotion_is_the_highest_and_has_the_tracks_colour():
    heights = []
    for best in range(7):
        picture = grey(1280, 720)
        draw(picture, [mark(0.25, 0.25, 0.5, 0.5, best=best)])
        panel = picture[392:425, 320:500].astype(int)
        coloured = np.abs(panel - (86, 180, 233)).max(axis=2) < 10
        heights.append((coloured.sum(axis=0).argmax(), coloured.sum(axis=0).max()))
    columns, rows = zip(*heights, strict=True)
    assert list(columns) == sorted(set(columns))
    assert set(rows) <= {24, 25, 26}  # 0.7 of 36


@pytest.mark.parametrize("size", [(1280, 720), (64, 48), (17, 1000), (1, 1), (3840, 2160)])
def test_marks_at_and_beyond_the_rim_stay_in_the_picture(size):
    picture = grey(*size)
    everywhere = [
        mark(x, y, x + w, y + w, track=n)
        for n, (x, y, w) in enumerate(
            [(-0.5, -0.5, 0.4), (-0.1, -0.1, 0.3), (0.9, 0.9, 0.3), (1.5, 1.5, 0.1), (-1, -1, 3)]
        )
    ]
    draw(picture, everywhere)
    assert picture.shape == (size[1], size[0], 3)
    assert changed(picture).any()


def test_a_hundred_tracks_are_drawn():
    picture = grey(1280, 720)
    rng = np.random.default_rng(0)
    boxes = [
        mark(x, y, x + 0.05, y + 0.08, track=n)
        for n, (x, y) in enumerate(rng.uniform(0, 0.9, (100, 2)))
    ]
    draw(picture, boxes)
    assert changed(picture).mean() > 0.3


def test_panels_do_not_hide_each_other_where_there_is_room():
    apart, close = grey(1280, 720), grey(1280, 720)
    draw(apart, [mark(0.1, 0.4, 0.15, 0.5), mark(0.7, 0.4, 0.75, 0.5)])
    draw(close, [mark(0.4, 0.4, 0.45, 0.5), mark(0.46, 0.4, 0.51, 0.5)])
    assert abs(int(changed(apart).sum()) - int(changed(close).sum())) < 300


def test_a_hidden_face_is_found_no_more():
    picture = skimage.data.astronaut().copy()
    detector = load_detector("default")
    (before,) = detector.detect([picture])
    assert len(before.boxes) == 1
    untouched = picture.copy()
    box = before.boxes[0].astype(float) / 512
    hide(picture, [box])
    (after,) = detector.detect([picture])
    assert len(after.boxes) == 0
    x1, y1, x2, y2 = before.boxes[0]
    outside = np.ones((512, 512), bool)
    outside[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = False
    assert (picture == untouched)[outside].all()
    inside = picture[~outside].reshape(int(np.ceil(y2)) - int(y1), -1, 3)
    # What stays of it are nine colours: the picture can be made of them.
    assert (
        np.unique(inside[:: inside.shape[0] // 2 - 1, :: inside.shape[1] // 2 - 1], axis=0).size
        <= 27
    )


@pytest.mark.parametrize(
    "box",
    [(-1, -1, 2, 2), (-1, -1, -0.5, -0.5), (1.2, 1.2, 2, 2), (0.5, 0.5, 0.5, 0.5), (0.99, 0, 3, 1)],
)
def test_boxes_may_reach_beyond_the_picture(box):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (50, 80, 3), np.uint8)
    before = picture.copy()
    hide(picture, [np.array(box, float)])
    inside = np.zeros((50, 80), bool)
    left, top, right, bottom = np.array(box) * (80, 50, 80, 50)
    inside[
        max(0, int(top)) : max(0, int(np.ceil(bottom))),
        max(0, int(left)) : max(0, int(np.ceil(right))),
    ] = True
    assert (picture == before)[~inside].all()
    if inside.sum() > 100:
        assert picture[inside].std() < before[inside].std() / 2
