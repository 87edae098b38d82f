"""Pools of models, for networks that want more than the default ones."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import streamfer
from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.emotion.backbone import load_backbone
from streamfer.media.limits import Limits
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.run import run
from streamfer.store.output import table_paths
from tests.cli.terminal import portrait
from tests.emotion.paper_weights import write_random_weights
from tests.emotion.temporal.random_networks import write_random
from tests.media.making_sound import Track, add_sound
from tests.tables import all_tables, assert_same_rows


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A face for two seconds, in two segments, for the paper's backbone."""
    folder = tmp_path_factory.mktemp("job")
    weights = write_random_weights(folder / "random.pt")
    analysis = Analysis(backbone=str(weights), segment_s=1)
    video = portrait(folder / "a.mp4", 2)
    return prepare([str(video)], analysis, "cpu", Limits())


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


def test_a_method_that_listens_gives_the_same_rows_in_a_pool(tmp_path: Path):
    loud = np.sin(np.linspace(0, 9000, 3 * 16_000))[None] * np.linspace(0, 1, 3 * 16_000)
    video = add_sound(
        portrait(tmp_path / "silent.mp4", 3), tmp_path / "talk.mkv", Track(loud, rate=16_000)
    )
    method = write_random(
        tmp_path / "ear.onnx", listens=True, backbone_sha256=load_backbone().sha256
    )
    analysis = Analysis(temporal=str(method), audio=True, segment_s=1)
    alone = all_tables(video, analysis)
    deaf = write_random(tmp_path / "deaf.onnx", backbone_sha256=load_backbone().sha256)
    unheard = streamfer.analyse(video, Analysis(temporal=str(deaf), segment_s=1))
    assert alone["timelines"]["emotion"] != unheard["emotion"]

    out = tmp_path / "timelines.parquet"
    job = prepare([str(video)], analysis, "cpu", Limits())
    run(job, out, on_cluster(job, Execution(workers=2, pools="on")))
    for name in ("timelines", "audio", "episodes", "tracks"):
        assert_same_rows(pq.read_table(table_paths(out)[name]), alone[name])
