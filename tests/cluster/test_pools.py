"""Pools of models, for a backbone that wants other crops than the default."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import streamfer
from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.run import run
from tests.cli.terminal import portrait
from tests.emotion.paper_weights import write_random_weights
from tests.tables import assert_same_rows


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A face for two seconds, in two segments, for the paper's backbone."""
    folder = tmp_path_factory.mktemp("job")
    weights = write_random_weights(folder / "random.pt")
    analysis = Analysis(backbone=str(weights), segment_s=1)
    video = portrait(folder / "a.mp4", 2)
    return prepare([str(video)], analysis, "cpu", Execution.max_pixels)


@pytest.fixture(scope="module")
def alone(job: Job) -> pa.Table:
    (video,) = job.videos
    assert len(video.segments) == 2
    return streamfer.analyse(video.info.path, job.analysis)


@pytest.mark.slow
@pytest.mark.parametrize("execution", [Execution(workers=1), Execution(workers=2, pools="on")])
def test_the_papers_backbone_gives_the_same_rows_wherever_it_runs(
    job: Job, alone: pa.Table, tmp_path: Path, execution: Execution
):
    out = tmp_path / "timelines.parquet"
    summary = run(job, out, on_cluster(job, execution))
    assert (summary.done, summary.tracks) == (1, 1)
    rows = pq.read_table(out)
    assert pc.max(rows["faces"]).as_py() == 10
    assert_same_rows(rows, alone)
