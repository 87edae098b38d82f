"""A cluster of several nodes: nodes join and leave, and not each can read every file."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import streamfer
from streamfer.config import Analysis, Execution
from streamfer.errors import FatalError
from streamfer.media.limits import Limits
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Lost, Outcome, Working, run
from tests.cli.terminal import portrait
from tests.cluster.many_nodes import Executor, ManyNodes, many_nodes
from tests.tables import assert_same_rows

SEGMENTS = 8


@pytest.fixture(scope="module")
def many() -> Iterator[ManyNodes]:
    with many_nodes(2) as made:
        yield made


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    video = portrait(tmp_path_factory.mktemp("nodes") / "a.mp4", SEGMENTS)
    return prepare([str(video)], Analysis(segment_s=1), "cpu", Limits())


@pytest.fixture(scope="module")
def alone(job: Job) -> pa.Table:
    return streamfer.analyse(job.videos[0].info.path, job.analysis)


def test_nodes_that_join_are_used_and_nodes_that_leave_are_not_missed(
    many: ManyNodes, job: Job, alone: pa.Table, tmp_path: Path
):
    """After the first segment the only node leaves, with the next one begun, and another joins."""
    many.kill(many.nodes[0])
    executor = Executor(job, Execution(address=many.cluster.address))
    held: list[int] = []
    attempts: list[int] = []

    def watched(segments: Sequence[Segment]) -> Iterator[Outcome]:
        for outcome in executor(segments):
            if isinstance(outcome, Working):
                held.append(outcome.held_bytes)
                assert outcome.queued <= SEGMENTS - len(attempts)
            elif isinstance(outcome, Done):
                if not attempts:
                    many.kill(many.nodes[0])
                    many.add()
                attempts.append(outcome.attempts)
            yield outcome

    out = tmp_path / "timelines.parquet"
    assert run(job, out, watched).done == 1
    assert_same_rows(pq.read_table(out), alone)
    assert attempts == [1] * SEGMENTS, "the loss of a node is nobody's fault"
    assert SEGMENTS < executor.given <= SEGMENTS + 1
    assert 100 * 2**20 < max(held) < 2 * 2**30


def test_a_file_that_one_node_has_is_read_there(
    many: ManyNodes, job: Job, alone: pa.Table, tmp_path: Path
):
    (video,) = job.videos
    info = replace(video.info, path="/proc/self/cwd/a.mp4")
    segments = [replace(segment, info=info) for segment in video.segments]
    while len(many.nodes) < 2:
        many.add()
    executor = Executor(job, Execution(address=many.cluster.address))
    lost = [outcome for outcome in executor(segments[:2]) if isinstance(outcome, Lost)]
    assert [outcome.segment for outcome in lost] == segments[:2], "no node has it"
    assert all(outcome.failure.retry for outcome in lost)

    shutil.copy(video.info.path, many.nodes[1].folder / "a.mp4")
    outcomes = list(executor(segments))
    assert not any(isinstance(outcome, Lost) for outcome in outcomes)
    attempts = [outcome.attempts for outcome in outcomes if isinstance(outcome, Done)]
    assert attempts == [1] * SEGMENTS
    out = tmp_path / "timelines.parquet"
    run(job, out, lambda _: outcomes)
    assert_same_rows(pq.read_table(out), alone)


@dataclass
class Poison(threading.Thread):
    """While a worker reads a video, SIGKILLs each process of some kinds that is there, once."""

    video: Path
    many: ManyNodes
    kinds: tuple[str, ...]
    struck: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.over.wait(0.02):
            for worker in self.many.processes("SegmentWorker"):
                with suppress(psutil.Error):
                    if any(file.path == str(self.video) for file in worker.open_files()):
                        self.strike()

    def strike(self) -> None:
        for process in [one for kind in self.kinds for one in self.many.processes(kind)]:
            if process.pid not in self.struck:
                self.struck.add(process.pid)
                process.kill()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("also_alone", [False, True])
def test_a_request_that_kills_its_pool_costs_its_own_segment_at_most(
    many: ManyNodes, job: Job, tmp_path: Path, also_alone: bool
):
    """With models of its own it either goes through, or ends its worker, and is given up."""
    poison = portrait(tmp_path / "poison.mp4", 120)
    innocent = job.videos[0].info.path
    analysis = replace(job.analysis, segment_s=120)
    whole = prepare([str(poison), innocent], analysis, "cpu", Limits())
    executor = Executor(whole, Execution(address=many.cluster.address, pools="on"))
    kinds = ("DetectorPool", "SegmentWorker.work") if also_alone else ("DetectorPool",)
    striker = Poison(poison, many, kinds)
    striker.start()
    out = tmp_path / "timelines.parquet"
    summary = run(whole, out, executor)
    striker.over.set()
    striker.join()
    assert len(striker.struck) >= 3
    ledger = pq.read_table(out.with_suffix(".videos.parquet"))
    attempts = dict(zip(ledger["video"].to_pylist(), ledger["attempts"].to_pylist(), strict=True))
    assert attempts[next(key for key in attempts if key.endswith("poison.mp4"))] == 3
    rows = pq.read_table(out)
    alone = streamfer.analyse(innocent, analysis)
    assert_same_rows(
        rows.filter(pc.ends_with(rows["video"], "a.mp4")).drop_columns(["video"]),
        alone.drop_columns(["video"]),
    )
    if not also_alone:
        assert summary.done == 2
        return
    ((_, status, reason),) = summary.problems
    assert status == "failed"
    assert "ended its worker 3 times; the last time, alone, it ended without a word" in reason


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_pool_that_hangs_is_replaced_before_its_workers_are(
    many: ManyNodes, job: Job, alone: pa.Table, tmp_path: Path
):
    while len(many.nodes) < 2:
        many.add()
    executor = Executor(job, Execution(address=many.cluster.address, pools="on", stall_s=80))
    hung: list[psutil.Process] = []
    attempts: list[int] = []

    def watched(segments: Sequence[Segment]) -> Iterator[Outcome]:
        for outcome in executor(segments):
            yield outcome
            if isinstance(outcome, Done):
                attempts.append(outcome.attempts)
                if not hung:
                    hung.extend(many.processes("DetectorPool"))
                    for process in hung:
                        process.suspend()

    out = tmp_path / "timelines.parquet"
    run(job, out, watched)
    assert_same_rows(pq.read_table(out), alone)
    assert hung
    assert not any(process.is_running() for process in hung)
    assert attempts == [1] * SEGMENTS


def test_without_any_node_the_run_ends(many: ManyNodes, job: Job):
    while many.nodes:
        many.kill(many.nodes[0])
    execute = Executor(job, Execution(address=many.cluster.address, stall_s=5))
    with pytest.raises(FatalError, match="No worker came up in 5 s: of the cluster's 0 cores 0"):
        list(execute(job.videos[0].segments))
