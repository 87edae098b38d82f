"""A whole run: doing what is missing of a job, by whatever means, and putting the tables in place.

`run` takes the output's lock, has the missing segments done by an executor (a cluster, or this
process), commits each as it comes, and compacts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from streamfer.pipeline.compact import FINGERPRINT_KEY, INPUTS_KEY, compact, tables_of
from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment
from streamfer.store import schema
from streamfer.store.output import RUN_ID_KEY, check_writable, read_metadata, table_paths
from streamfer.store.work import Failure, WorkFolder


@dataclass(frozen=True)
class Done:
    """A segment's result, as the bytes to commit."""

    segment: Segment
    data: bytes
    attempts: int


@dataclass(frozen=True)
class Lost:
    """A segment that will have no result, and why."""

    segment: Segment
    failure: Failure


@dataclass(frozen=True)
class Working:
    """How an executor is doing: what it has reached of segments that are not done, and holds.

    `seconds` of media are reached, `queued` segments wait, and the workers hold `held_bytes` of
    memory.
    """

    seconds: float
    queued: int = 0
    held_bytes: int = 0


Outcome = Done | Lost | Working
Execute = Callable[[Sequence[Segment]], Iterable[Outcome]]


@dataclass
class Progress:
    """How far a run has come, in seconds of media; `resumed_s` of them were done before it."""

    videos: int
    media_s: float
    resumed_s: float
    media_done_s: float
    videos_done: int = 0


@dataclass(frozen=True)
class Summary:
    """What became of a run's inputs.

    `others` counts files in folders that are no videos; `dropped` names videos of the earlier
    output that are inputs no more; `problems` are video, status and reason from the ledger;
    `unchanged` says that there was nothing to do.
    """

    done: int
    partial: int
    failed: int
    rows: int
    tracks: int
    media_s: float
    others: int
    dropped: list[str]
    problems: list[tuple[str, str, str]]
    unchanged: bool


def run(
    job: Job,
    out: Path,
    execute: Execute,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Do what is missing of a job and put its tables at `out`.

    Raises UsageError if the output cannot be written or another run holds it.
    """
    check_writable(out)
    with WorkFolder(out).open(job.fingerprint) as work:
        losses = _losses(job, work)
        if _is_current(job, out) and not any(loss.retry for loss in losses.values()):
            return _summary(job, out, dropped=[], unchanged=True)
        known = set(_ledger(out)["video"].to_pylist()) if out.exists() else set()
        dropped = known - {video.key for video in job.videos} - set(job.failed)
        work.write_job(job.to_json())
        attempts = _work_through(job, work, losses, execute, on_progress)
        reasons = {folder: loss.reason for folder, loss in losses.items()}
        compact(job, out, work, attempts, reasons)
    return _summary(job, out, dropped=sorted(dropped), unchanged=False)


def _losses(job: Job, work: WorkFolder) -> dict[str, Failure]:
    """Failures noted by this run or earlier ones, by folder."""
    noted = {video.folder: work.failure(video.folder) for video in job.videos}
    return {folder: failure for folder, failure in noted.items() if failure}


def _work_through(
    job: Job,
    work: WorkFolder,
    losses: dict[str, Failure],
    execute: Execute,
    on_progress: Callable[[Progress], None],
) -> dict[str, int]:
    """Have every missing segment done and commit it; the attempts by folder.

    New failures are added to `losses`.
    """
    fps = job.analysis.fps
    unique = {video.folder: video for video in job.videos}
    waiting: dict[str, int] = {}
    missing: list[Segment] = []
    for folder, video in unique.items():
        if folder in losses and not losses[folder].retry:
            waiting[folder] = 0
            continue
        # A committed file that turns out damaged is made again, so each is read.
        todo = [part for part in video.segments if work.load(folder, part.index) is None]
        waiting[folder] = len(todo)
        missing += todo
    total = sum(part.media_seconds(fps) for video in unique.values() for part in video.segments)
    left = sum(part.media_seconds(fps) for part in missing)
    copies = Counter(video.folder for video in job.videos)
    progress = Progress(len(job.videos), total, resumed_s=total - left, media_done_s=total - left)
    attempts = dict.fromkeys(unique, 1)
    finished_s = progress.media_done_s
    for outcome in execute(missing) if missing else ():
        if isinstance(outcome, Working):
            progress.media_done_s = finished_s + outcome.seconds
        else:
            folder = outcome.segment.folder
            tries = outcome.attempts if isinstance(outcome, Done) else outcome.failure.attempts
            attempts[folder] = max(attempts[folder], tries)
            if isinstance(outcome, Done):
                work.commit(folder, outcome.segment.index, outcome.data)
            else:
                losses[folder] = outcome.failure
                work.record_failure(folder, outcome.failure)
            waiting[folder] -= 1
            finished_s += outcome.segment.media_seconds(fps)
            progress.media_done_s = finished_s
        progress.videos_done = sum(copies[name] for name, count in waiting.items() if count == 0)
        on_progress(progress)
    return attempts


def _is_current(job: Job, out: Path) -> bool:
    """Whether the tables at `out` are whole and hold just this job."""
    if not out.exists():
        return False
    metadata = read_metadata(out)
    return (
        metadata.get(FINGERPRINT_KEY) == job.fingerprint
        and metadata.get(INPUTS_KEY) == job.inputs
        and all(
            path.is_dir()
            or (path.exists() and read_metadata(path).get(RUN_ID_KEY) == metadata.get(RUN_ID_KEY))
            for path in map(table_paths(out).__getitem__, tables_of(job.analysis))
        )
    )


def _ledger(out: Path) -> pa.Table:
    path = table_paths(out)["videos"]
    return pq.read_table(path) if path.exists() else schema.TABLES["videos"].arrow.empty_table()


def _summary(job: Job, out: Path, *, dropped: list[str], unchanged: bool) -> Summary:
    ledger = _ledger(out).to_pylist()
    count = Counter(row["status"] for row in ledger)
    return Summary(
        done=count["done"],
        partial=count["partial"],
        failed=count["failed"],
        rows=pq.read_metadata(out).num_rows,
        tracks=sum(row["tracks"] for row in ledger),
        media_s=job.media_s,
        others=job.others,
        dropped=dropped,
        problems=[(row["video"], row["status"], row["reason"]) for row in ledger if row["reason"]],
        unchanged=unchanged,
    )
