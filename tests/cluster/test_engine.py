"""The actor graph gives the rows that this process alone gives, and survives its actors."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import streamfer
from streamfer.cluster import crew
from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.errors import FatalError
from streamfer.media.limits import Limits
from streamfer.pipeline.compact import compact_partial
from streamfer.pipeline.job import ALGORITHM, Job, prepare
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Lost, Outcome, run
from tests.conftest import Demo
from tests.tables import assert_same_rows

# The demo's half minute in three segments, or in six.
THREE = Analysis(segment_s=10)
SIX = Analysis(segment_s=5)


@pytest.fixture(scope="module")
def alone(demo: Demo) -> pa.Table:
    return streamfer.analyse(demo.path, THREE)


def job_of(demo: Demo, analysis: Analysis = THREE) -> Job:
    return prepare([str(demo.path)], analysis, "cpu", Limits())


@pytest.mark.parametrize(
    "execution",
    [
        Execution(workers=1),
        Execution(workers=2),
        Execution(workers=2, pools="on"),
    ],
    ids=["one-worker", "two-workers", "pools"],
)
def test_rows_do_not_depend_on_workers_or_pools(
    demo: Demo, alone: pa.Table, tmp_path: Path, execution: Execution
):
    out = tmp_path / "timelines.parquet"
    job = job_of(demo)
    summary = run(job, out, on_cluster(job, execution))
    assert (summary.done, summary.partial, summary.failed) == (1, 0, 0)
    assert_same_rows(pq.read_table(out), alone)


def test_nodes_with_another_version_of_streamfer_get_no_work(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(crew, "ALGORITHM", ALGORITHM - 1)
    job = job_of(demo)
    with pytest.raises(FatalError, match=r"cannot start: .*another version of streamfer"):
        run(job, tmp_path / "timelines.parquet", on_cluster(job, Execution(workers=1)))


def busy_workers(video: Path) -> list[psutil.Process]:
    """The processes, children of this one, that are reading a video."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any(file.path == str(video) for file in process.open_files()):
                found.append(process)
    return found


def disturb(video: Path, signals: Sequence[signal.Signals]) -> threading.Thread:
    """Sends each signal to a worker that reads the video, and waits for another to begin."""

    def act() -> None:
        struck: set[int] = set()
        for one in signals:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                fresh = [
                    process.pid for process in busy_workers(video) if process.pid not in struck
                ]
                if fresh:
                    os.kill(fresh[0], one)
                    struck.add(fresh[0])
                    break
                time.sleep(0.05)

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_killed_worker_costs_a_try_and_nothing_else(demo: Demo, alone: pa.Table, tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    job = job_of(demo)
    killer = disturb(demo.path, [signal.SIGKILL])
    run(job, out, on_cluster(job, Execution(workers=2)))
    killer.join()
    assert_same_rows(pq.read_table(out), alone)
    assert pq.read_table(tmp_path / "timelines.videos.parquet")["attempts"].to_pylist() == [2]


def test_a_worker_that_hangs_is_replaced(demo: Demo, alone: pa.Table, tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    job = job_of(demo)
    stopper = disturb(demo.path, [signal.SIGSTOP])
    run(job, out, on_cluster(job, Execution(workers=1, stall_s=10)))
    stopper.join()
    assert_same_rows(pq.read_table(out), alone)
    assert pq.read_table(tmp_path / "timelines.videos.parquet")["attempts"].to_pylist() == [2]


def test_a_video_that_keeps_killing_workers_is_given_up_and_said(demo: Demo, tmp_path: Path):
    job = job_of(demo, Analysis(segment_s=60))
    out = tmp_path / "timelines.parquet"
    killer = disturb(demo.path, [signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV])
    summary = run(job, out, on_cluster(job, Execution(workers=1)))
    killer.join()
    assert summary.failed == 1
    ((_, status, reason),) = summary.problems
    assert status == "failed"
    assert reason == (
        "Its segment 0 ended its worker 3 times; the last time, alone, it ended by SIGSEGV "
        "(Segmentation fault)."
    )
    assert pq.read_metadata(out).num_rows == 0


def test_what_was_committed_before_a_stop_is_not_done_again(
    demo: Demo, alone: pa.Table, tmp_path: Path
):
    out = tmp_path / "timelines.parquet"
    job = job_of(demo)
    execute = on_cluster(job, Execution(workers=1))

    class StoppedError(Exception):
        pass

    def stop_after_one(segments: Sequence[Segment]) -> Iterator[Outcome]:
        for outcome in execute(segments):
            yield outcome
            if hasattr(outcome, "data"):
                raise StoppedError

    with pytest.raises(StoppedError):
        run(job, out, stop_after_one)
    assert not out.exists()
    so_far = tmp_path / "so-far.parquet"
    compact_partial(out, so_far)
    assert pq.read_table(tmp_path / "so-far.videos.parquet")["reason"].to_pylist() == [
        "10 s–20 s and 20 s–end: not analysed yet."
    ]
    first = alone.filter(pc.less(alone["window_start_s"], 10)).drop_columns(["track_id"])
    assert_same_rows(pq.read_table(so_far).drop_columns(["track_id"]), first)
    asked: list[Segment] = []

    def listed(segments: Sequence[Segment]) -> Iterator[Outcome]:
        asked.extend(segments)
        yield from on_cluster(job, Execution(workers=2))(segments)

    run(job, out, listed)
    assert len(asked) == 2
    assert_same_rows(pq.read_table(out), alone)

    def nothing(segments: Sequence[Segment]) -> Iterator[Outcome]:
        raise AssertionError("there is nothing to do")

    assert run(job, out, nothing).unchanged


def test_a_file_that_vanishes_is_retried_by_the_next_run(demo: Demo, tmp_path: Path):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(demo.path.read_bytes())
    job = prepare([str(copy)], THREE, "cpu", Limits())
    moved = copy.rename(tmp_path / "elsewhere.mp4")
    out = tmp_path / "timelines.parquet"
    outcomes = list(on_cluster(job, Execution(workers=1))(job.videos[0].segments))
    lost = [outcome for outcome in outcomes if isinstance(outcome, Lost)]
    assert len(lost) == 3
    assert all(outcome.failure.retry for outcome in lost)
    assert run(job, out, lambda _: outcomes).failed == 1
    moved.rename(copy)
    assert run(job, out, on_cluster(job, Execution(workers=1))).done == 1
