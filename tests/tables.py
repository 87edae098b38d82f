"""Making tables, and comparing them as promised: the same rows, probabilities within 1e-4."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import plan_video
from streamfer.pipeline.segment import analyse_segment
from streamfer.store import schema
from streamfer.store.work import WorkFolder

PROBABILITY = 1e-4
PLACE = 1e-4


def all_tables(path: Path, analysis: Analysis) -> dict[str, pa.Table]:
    """Every table that a run has of one video, by name."""
    models = LocalModels.load(analysis, "cpu")
    video = plan_video(path.name, str(path), analysis, models.context_s, Limits())
    speech = speech_detector(analysis)
    results = [
        analyse_segment(segment, analysis, models, speech=speech) for segment in video.segments
    ]
    rows = assemble(video, results.__getitem__, analysis, attempts=1)
    return {
        name: pa.concat_tables([schema.TABLES[name].arrow.empty_table(), *pieces])
        for name, pieces in rows.items()
    }


def assert_same_rows(a: pa.Table, b: pa.Table) -> None:
    """The same videos, tracks and windows, and the same values to rounding."""
    assert a.column_names == b.column_names
    for name in a.column_names:
        one, other = a[name], b[name]
        if pa.types.is_floating(one.type):
            left, right = one.to_numpy(), other.to_numpy()
            assert len(left) == len(right), name
            np.testing.assert_allclose(left, right, rtol=0, atol=PLACE, err_msg=name)
        else:
            assert one.equals(other), name


def committed(work: WorkFolder, video_dir: str) -> set[int]:
    """The numbers, up to 20, of a video's committed segments."""
    return {number for number in range(20) if work.load(video_dir, number)}
