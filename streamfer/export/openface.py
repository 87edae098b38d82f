"""Faces frame by frame, in a CSV with the column names of OpenFace 2.

So scripts that read OpenFace's find their way. Action units, gaze, pose and most landmarks are
not measured here: their columns are absent, not zero. docs/export.md says which mean what.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from streamfer.emotion.labels import EMOTIONS
from streamfer.export import csv

# OpenFace's numbers of the landmarks that are measured here.
_LANDMARKS = {30: "nose", 48: "left_mouth", 54: "right_mouth"}


def table(video: Mapping[str, Any], frames: pa.Table) -> str:
    """A line for each face and sampled frame; places in pixels of the picture as displayed."""
    scale = {"x": video["width"], "w": video["width"], "y": video["height"], "h": video["height"]}

    def pixels(name: str) -> pa.ChunkedArray:
        return pc.multiply(frames[name].cast(pa.float64()), float(scale[name[-1]])).cast("float32")

    columns = {
        "frame": pc.add(frames["tick"], 1),
        "face_id": frames["track_id"],
        "timestamp": frames["time_s"],
        "confidence": frames["detection_score"],
        "success": pa.repeat(pa.scalar(1, pa.int8()), frames.num_rows),
    }
    for axis in "xy":
        columns |= {f"{axis}_{n}": pixels(f"{name}_{axis}") for n, name in _LANDMARKS.items()}
    names = [f"face_{side}" for side in "xywh"]
    names += [f"{side}_eye_{axis}" for side in ("left", "right") for axis in "xy"]
    columns |= {name: pixels(name) for name in names}
    columns |= {f"p_{emotion}": frames[f"p_{emotion}"] for emotion in EMOTIONS}
    file = io.BytesIO()
    whole = pa.table(columns)
    csv.write(file, whole.schema, whole.to_batches())
    return file.getvalue().decode()
