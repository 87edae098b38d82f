"""Where faces are between the samples, and what has to be covered to hide them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.report.marks import Faces
from tests.export.conftest import of
from tests.store.example_rows import make_frames, make_timelines


def faces_of(track: int, times: list[float], lefts: list[float], windows: int = 0) -> Faces:
    """One face of 0.1 by 0.2 that is at these places at these times."""
    n = len(times)
    frames = of(
        "a",
        make_frames(n),
        track_id=[track] * n,
        time_s=times,
        face_x=lefts,
        face_y=[0.5] * n,
        face_w=[0.1] * n,
        face_h=[0.2] * n,
    )
    count = windows or int(times[-1]) + 1
    w = np.arange(count)
    timelines = of(
        "a",
        make_timelines(count),
        track_id=[track] * count,
        window=w,
        window_start_s=w * 1.0,
        window_end_s=w + 2.0,
    )
    return Faces(frames, timelines, 0.2)


def test_a_box_moves_evenly_from_sample_to_sample():
    faces = faces_of(4, [1.0, 1.2, 1.4], [0.1, 0.3, 0.2])
    for time, left in ((1.0, 0.1), (1.1, 0.2), (1.2, 0.3), (1.25, 0.275), (1.4, 0.2)):
        (mark,) = faces.seen(time)
        assert mark.track == 4
        np.testing.assert_allclose(mark.box, [left, 0.5, left + 0.1, 0.7], atol=1e-6)


def test_a_face_has_no_box_where_it_is_not_seen():
    faces = faces_of(0, [1.0, 1.6, 3.0, 3.2], [0.1, 0.7, 0.7, 0.7])
    assert [len(faces.seen(t)) for t in (0.85, 0.95, 1.3, 1.65, 1.75, 2.5, 2.95, 3.25, 3.35)] == [
        0, 1, 1, 1, 0, 0, 1, 1, 0,
    ]  # fmt: skip


def test_probabilities_are_of_the_window_around_the_moment():
    faces = faces_of(0, [k / 5 for k in range(26)], [0.1] * 26)
    expected = make_timelines(6)
    for time, window in ((0.0, 0), (1.4, 0), (1.6, 1), (3.1, 2), (4.9, 4)):
        (mark,) = faces.seen(time)
        assert mark.probabilities[4] == expected["p_fear"][window].as_py()


def covered(faces: Faces, time: float, box: list[float]) -> bool:
    return any(
        (found[:2] <= box[:2]).all() and (found[2:] >= box[2:]).all()
        for found in faces.hidden(time)
    )


@given(
    st.lists(st.tuples(st.floats(0.15, 2.9), st.floats(0, 0.9)), min_size=2, max_size=8),
    st.floats(0, 1),
)
def test_a_face_that_moves_from_sample_to_sample_is_covered_all_the_way(steps, share):
    times = np.cumsum([step for step, _ in steps])
    lefts = np.array([left for _, left in steps])
    faces = faces_of(0, times.tolist(), lefts.tolist())
    # Not evenly: now faster, now slower.
    for start in range(len(times) - 1):
        for pace in (0.3, 1, 3):
            time = times[start] + share * (times[start + 1] - times[start])
            left = lefts[start] + share**pace * (lefts[start + 1] - lefts[start])
            assert covered(faces, time, [left - 0.02, 0.46, left + 0.12, 0.74])


def test_a_face_is_covered_before_it_is_found_and_after_it_is_lost():
    faces = faces_of(0, [5.0, 5.2], [0.4, 0.4])
    for away in (0.1, 0.5, 1.0, 1.19):
        # A face that walks one of its widths a second.
        left = 0.4 - 0.1 * away
        assert covered(faces, 5.0 - away, [left, 0.5, left + 0.1, 0.7])
        assert covered(faces, 5.2 + away, [left, 0.5, left + 0.1, 0.7])
    assert faces.hidden(3.7) == faces.hidden(6.5) == []


def test_tracks_are_told_apart():
    one, two = (make_frames(40), make_timelines(10))
    frames = of("a", one, time_s=np.arange(40) // 2 / 5)
    faces = Faces(frames, of("a", two, track_id=[0] * 5 + [1] * 5), 0.2)
    assert [mark.track for mark in faces.seen(1.3)] == [0, 1]
    assert len(faces.hidden(1.3)) == 2


def test_a_video_without_faces_has_no_marks():
    faces = Faces(make_frames(0), make_timelines(0), 0.2)
    assert faces.seen(0.0) == faces.hidden(0.0) == []


def test_a_face_of_which_no_window_tells_is_hidden_but_not_marked():
    frames = make_frames(2)
    faces = Faces(frames, pa.table(make_timelines(5)).slice(0, 0), 0.2)
    assert faces.seen(0.0) == []
    assert len(faces.hidden(0.0)) == 2


@pytest.mark.parametrize("time", [-3.0, 1e6])
def test_times_outside_the_video_have_nothing(time):
    faces = faces_of(0, [1.0, 1.2], [0.1, 0.1])
    assert faces.seen(time) == faces.hidden(time) == []
