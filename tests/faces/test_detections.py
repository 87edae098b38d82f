import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.faces.detections import Faces, area, each_once, intersection, iou, suppress


def faces_at(*boxes: tuple[float, float, float, float]) -> Faces:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    landmarks = np.repeat(corners[:, None, :2], 5, axis=1)
    return Faces(corners, landmarks, np.linspace(0.9, 0.5, len(corners), dtype=np.float32))


def test_iou_is_the_shared_part_of_the_union() -> None:
    a = np.array([[0, 0, 4, 4]], np.float32)
    b = np.array([[2, 0, 6, 4], [4, 0, 8, 4], [1, 1, 3, 3], [0, 0, 4, 4]], np.float32)
    assert iou(a, b).tolist() == [pytest.approx([1 / 3, 0, 1 / 4, 1])]
    assert intersection(a, b).tolist() == [[8, 0, 4, 16]]
    assert area(b).tolist() == [16, 16, 4, 16]


def test_moving_and_scaling_reach_boxes_and_landmarks() -> None:
    faces = faces_at((10, 20, 30, 60)).scaled(2, 0.5).shifted(-1, 3)
    assert faces.boxes.tolist() == [[19, 13, 59, 33]]
    assert faces.landmarks[0, 0].tolist() == [19, 13]
    assert faces.boxes.dtype == faces.landmarks.dtype == np.float32


def test_concatenated_and_selected_faces_keep_their_parts_together() -> None:
    left, right = faces_at((0, 0, 1, 1), (2, 2, 3, 3)), faces_at((4, 4, 5, 5))
    both = Faces.concatenate([left, Faces.empty(), right])
    chosen = both.select(np.array([2, 0]))
    assert len(both) == 3
    assert chosen.boxes[:, 0].tolist() == chosen.landmarks[:, 0, 0].tolist() == [4, 0]
    assert len(Faces.concatenate([])) == 0


def test_a_suppressed_box_suppresses_nothing() -> None:
    # The second is beaten by the first; the third overlaps the second alone.
    boxes = faces_at((0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10)).boxes
    rivals = iou(boxes, boxes) > 0.3
    assert suppress(rivals, np.array([0.9, 0.8, 0.7], np.float32)).tolist() == [0, 2]
    assert suppress(rivals, np.array([0.8, 0.9, 0.7], np.float32)).tolist() == [1]


@given(
    st.lists(st.tuples(*[st.integers(0, 20)] * 4), max_size=12),
    st.lists(st.integers(0, 5), min_size=12, max_size=12),
)
def test_suppression_leaves_no_rivals_and_drops_only_the_beaten(
    corners: list[tuple[int, int, int, int]], ranks: list[int]
) -> None:
    boxes = faces_at(*[(x, y, x + w + 1, y + h + 1) for x, y, w, h in corners]).boxes
    rank = np.array(ranks[: len(boxes)], np.float32)
    rivals = iou(boxes, boxes) > 0.3
    stays = suppress(rivals, rank)
    assert (np.diff(rank[stays]) <= 0).all()
    assert (rivals[np.ix_(stays, stays)] == np.eye(len(stays), dtype=bool)).all()
    for dropped in set(range(len(boxes))) - set(stays.tolist()):
        assert any(rivals[dropped, i] and rank[i] >= rank[dropped] for i in stays)


def test_a_part_of_a_face_gives_way_to_the_whole() -> None:
    whole, part, neighbour = (0, 0, 100, 120), (50, 0, 102, 120), (95, 0, 195, 120)
    faces = faces_at(part, whole, neighbour)
    ranks = np.array([0.1, 0.8, 0.7], np.float32)
    assert each_once(faces, ranks).boxes.tolist() == [list(whole), list(neighbour)]
