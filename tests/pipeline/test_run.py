"""A whole run without a cluster: what is done again, and what is only put in place again."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from streamfer.config import Analysis, Execution
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Outcome, Summary, run
from streamfer.pipeline.segment import analyse_segment
from streamfer.store.output import RUN_ID_KEY, read_metadata, table_paths
from streamfer.store.segment_file import SegmentResult
from streamfer.store.validate import validate
from tests.cli.terminal import portrait


class Here:
    """Does segments in this process, and counts them."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.models = LocalModels.load(job.analysis, "cpu")
        self.speech = speech_detector(job.analysis)
        self.segments = 0

    def __call__(self, missing: Sequence[Segment]) -> list[Outcome]:
        self.segments += len(missing)
        return [Done(part, self._result(part).to_bytes(), 1) for part in missing]

    def _result(self, part: Segment) -> SegmentResult:
        return analyse_segment(part, self.job.analysis, self.models, speech=self.speech)


def do(video: Path, out: Path, **settings: bool) -> tuple[Summary, int]:
    """Run, and say how many segments that took."""
    job = prepare([str(video)], Analysis(segment_s=1, **settings), "cpu", Execution.max_pixels)
    execute = Here(job)
    return run(job, out, execute), execute.segments


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return portrait(tmp_path / "talk.mp4", 2)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "timelines.parquet"


def tables(out: Path) -> set[str]:
    return {path.name for path in out.parent.iterdir() if not path.name.endswith(".work")}


def test_it_writes_what_is_asked_for_and_removes_what_is_not(video: Path, out: Path):
    always = {f"timelines{part}.parquet" for part in ("", ".episodes", ".tracks", ".videos")}
    assert do(video, out, audio=True, frames=True, embeddings=True)[1] == 2
    extras = {"timelines.audio.parquet", "timelines.frames.parquet", "timelines.embeddings"}
    assert tables(out) == always | extras
    assert all(validate(path) == [] for path in table_paths(out).values())
    assert do(video, out)[1] == 2
    assert tables(out) == always
    assert validate(out) == []
    assert pq.read_table(table_paths(out)["tracks"])["faces"].to_pylist() == [11]
    assert pq.read_table(table_paths(out)["episodes"])["windows"].to_pylist() == [3]


@pytest.mark.parametrize("name", ["audio", "episodes", "tracks"])
def test_a_table_that_is_missing_or_of_another_run_is_made_again(
    video: Path, out: Path, tmp_path: Path, name: str
):
    do(video, out, audio=True)
    table = table_paths(out)[name]
    stale = table.rename(tmp_path / "stale.parquet")
    summary, segments = do(video, out, audio=True)
    assert (summary.unchanged, segments) == (False, 0)
    assert validate(table) == []
    stale.rename(table)
    assert "interrupted" in validate(out)[0]
    summary, segments = do(video, out, audio=True)
    assert (summary.unchanged, segments) == (False, 0)
    assert read_metadata(table)[RUN_ID_KEY] == read_metadata(out)[RUN_ID_KEY]
    summary, segments = do(video, out, audio=True)
    assert (summary.unchanged, segments) == (True, 0)
