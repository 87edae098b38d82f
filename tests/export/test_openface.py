"""The CSV in OpenFace's style, read by pandas as scripts for OpenFace do."""

import numpy as np
import pandas as pd
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.export.export import Format, export
from streamfer.store.output import safe_name
from streamfer.store.read import read
from tests.export.conftest import EMPTY, NAMES
from tests.store.example_run import make_run


def test_columns_are_openfaces_where_they_mean_the_same(run, tmp_path):
    list(export(run, Format.OPENFACE, tmp_path))
    frames = read(run, "frames", to="pandas").groupby("video")
    ledger = read(run, "videos", to="pandas").set_index("video")
    for key in NAMES:
        found = pd.read_csv(tmp_path / f"{safe_name(key)}.csv")
        expected = frames.get_group(key)
        assert found.columns[:5].tolist() == [
            "frame",
            "face_id",
            "timestamp",
            "confidence",
            "success",
        ]
        assert found["frame"].tolist() == (expected["tick"] + 1).tolist()
        assert found["face_id"].tolist() == expected["track_id"].tolist()
        assert found["timestamp"].tolist() == expected["time_s"].tolist()
        assert (
            found["confidence"].astype("float32").tolist() == expected["detection_score"].tolist()
        )
        assert found["success"].unique().tolist() == [1]
        width, height = ledger.loc[key, ["width", "height"]]
        for name, column, size in (
            ("x_30", "nose_x", width),
            ("y_30", "nose_y", height),
            ("x_48", "left_mouth_x", width),
            ("y_54", "right_mouth_y", height),
            ("face_x", "face_x", width),
            ("face_h", "face_h", height),
            ("left_eye_x", "left_eye_x", width),
        ):
            np.testing.assert_allclose(found[name], expected[column] * size, rtol=1e-6)
        for emotion in EMOTIONS:
            name = f"p_{emotion}"
            assert found[name].astype("float32").tolist() == expected[name].tolist()


def test_a_video_without_a_face_has_a_header_alone(run, tmp_path):
    list(export(run, Format.OPENFACE, tmp_path))
    found = pd.read_csv(tmp_path / f"{EMPTY}.csv")
    assert found.empty
    assert "timestamp" in found


def test_a_run_without_frames_is_told_how_to_have_them(tmp_path):
    run = make_run(tmp_path / "timelines.parquet", ["timelines", "videos", "episodes"])
    with pytest.raises(UsageError, match="`streamfer run --frames` writes it"):
        list(export(run, Format.OPENFACE, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
