"""How far two ways of running the networks agree in what a user reads: tracks, and rows' labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis, Device
from streamfer.faces.detections import iou
from streamfer.faces.evaluation import MATCH_IOU
from streamfer.pipeline.analyse import analyse


def timelines(clips: Sequence[Path], analysis: Analysis, device: Device) -> list[pa.Table]:
    """The emotion timeline of each clip."""
    return [analyse(clip, analysis, device=device) for clip in clips]


def agreement(expected: Sequence[pa.Table], found: Sequence[pa.Table]) -> dict[str, Any]:
    """Timelines of the same clips, row by row.

    A row is matched by the one of the same window whose mean box overlaps it most, by half or
    more. Track numbers may differ.
    """
    matched = same = 0
    for one, other in zip(expected, found, strict=True):
        overlaps = iou(_boxes(one), _boxes(other))
        windows, others = (table["window"].to_numpy() for table in (one, other))
        overlaps = np.where(windows[:, None] == others, overlaps, 0)
        rows, columns = np.nonzero(
            (overlaps >= MATCH_IOU) & (overlaps == overlaps.max(axis=1, initial=0, keepdims=True))
        )
        labels, labels_found = (table["emotion"].to_numpy() for table in (one, other))
        matched += len(rows)
        same += int((labels[rows] == labels_found[columns]).sum())
    return {
        "tracks": [sum(map(_tracks, tables)) for tables in (expected, found)],
        "rows": [sum(map(len, tables)) for tables in (expected, found)],
        "matched": matched,
        "same_label": round(same / matched, 4) if matched else None,
    }


def _tracks(table: pa.Table) -> int:
    return len(table["track_id"].unique())


def _boxes(table: pa.Table) -> np.ndarray:
    """Mean boxes (n, 4), x1 y1 x2 y2, as fractions of the picture."""
    x, y, w, h = (table[f"face_{name}"].to_numpy() for name in "xywh")
    return np.stack([x, y, x + w, y + h], axis=1)
