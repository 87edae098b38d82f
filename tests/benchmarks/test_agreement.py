import pyarrow as pa
import pytest

from benchmarks.agreement import agreement


def timeline(*rows: tuple[int, int, str, float]) -> pa.Table:
    """Rows of track, window, emotion and the left edge of a box a tenth of the picture wide."""
    tracks, windows, emotions, edges = zip(*rows, strict=True) if rows else [()] * 4
    return pa.table(
        {
            "track_id": pa.array(tracks, pa.int32()),
            "window": pa.array(windows, pa.int32()),
            "emotion": pa.array(emotions, pa.string()),
            "face_x": pa.array(edges, pa.float32()),
            "face_y": pa.array([0.5] * len(rows), pa.float32()),
            "face_w": pa.array([0.1] * len(rows), pa.float32()),
            "face_h": pa.array([0.2] * len(rows), pa.float32()),
        }
    )


CLIP = timeline(
    (0, 0, "anger", 0.1), (0, 1, "anger", 0.12), (1, 1, "fear", 0.7), (1, 2, "sadness", 0.7)
)


def test_a_timeline_agrees_with_itself():
    assert agreement([CLIP, CLIP], [CLIP, CLIP]) == {
        "tracks": [4, 4],
        "rows": [8, 8],
        "matched": 8,
        "same_label": 1,
    }


def test_rows_are_matched_by_window_and_place_whatever_the_number_of_the_track():
    other = timeline(
        (5, 2, "sadness", 0.71), (5, 1, "neutral", 0.69), (2, 0, "anger", 0.1), (2, 1, "anger", 0.3)
    )

    found = agreement([CLIP], [other])

    assert (found["tracks"], found["rows"], found["matched"]) == ([2, 2], [4, 4], 3)
    assert found["same_label"] == pytest.approx(2 / 3, abs=1e-4)


def test_clips_without_faces_have_nothing_to_agree_on():
    assert agreement([timeline()], [timeline()])["same_label"] is None
    assert agreement([CLIP], [timeline()])["matched"] == 0
