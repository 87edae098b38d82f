"""A whole run: doing what is missing of a job, by whatever means, and putting the tables in place.

`run` takes the output's lock, has the missing segments done by an executor (a cluster, or this
process), commits each as it comes, and compacts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from streamfer.interrupts import uninterrupted
from streamfer.pipeline.compact import (
    FINGERPRINT_KEY,
    INPUTS_KEY,
    MissingSegmentError,
    compact,
    tables_of,
)
from streamfer.pipeline.earlier import earlier_work
from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.progress import Progress
from streamfer.pipeline.remaining import Remaining
from streamfer.places import Place
from streamfer.store import schema
from streamfer.store.folders import kind
from streamfer.store.output import (
    RUN_ID_KEY,
    check_writable,
    read_metadata,
    table_paths,
)
from streamfer.store.table_reader import open_table, read_table
from streamfer.store.work import Failure, WorkFolder


@dataclass(frozen=True)
class Done:
    """A segment's result, as the bytes to commit."""

    segment: Segment
    data: bytes
    attempts: int


@dataclass(frozen=True)
class Lost:
    """A segment that will have no result, and why, and at which it failed: for counting."""

    segment: Segment
    failure: Failure
    fault: Literal["file", "worker", "defect"] = "file"


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
    out: Place,
    execute: Execute,
    on_progress: Callable[[Progress], None] = lambda _: None,
    *,
    say: Callable[[str], None] = lambda _: None,
    fresh: bool = False,
    retry_failed: bool = False,
) -> Summary:
    """Do what is missing of a job and put its tables at `out`.

    `say` is told, before the work begins, what a person should know of earlier runs there.
    `fresh`: their work is removed first. `retry_failed`: what failed for good is tried again.
    Raises UsageError if the output cannot be written or another run holds it.
    """
    check_writable(out)
    if fresh:
        WorkFolder(out).remove()
    with WorkFolder(out).open(job.fingerprint) as work:
        remaining = Remaining(job, work, retry_failed=retry_failed)
        if not (fresh or remaining.tried or work.has_job()) and _is_current(job, out):
            return _summary(job, out, dropped=[], unchanged=True)
        for note in [] if fresh else earlier_work(job, out):
            say(note)
        known = set(_ledger(out)["video"].to_pylist()) if kind(out) else set()
        dropped = known - {video.key for video in job.videos} - set(job.failed)
        work.write_job(job.to_json())
        while not _complete(job, out, work, remaining, execute, on_progress):
            remaining = Remaining(job, work)
        work.finish_job()
    return _summary(job, out, dropped=sorted(dropped), unchanged=False)


def _complete(
    job: Job,
    out: Place,
    work: WorkFolder,
    remaining: Remaining,
    execute: Execute,
    on_progress: Callable[[Progress], None],
) -> bool:
    """Have what remains done, committing each result, and put the tables in place.

    False if earlier work turned out damaged, and was removed: then that remains.
    """
    progress = Progress(job, remaining.segments)
    for outcome in execute(remaining.segments) if remaining.segments else ():
        if isinstance(outcome, Working):
            progress.working(outcome.seconds)
        else:
            with uninterrupted():
                if isinstance(outcome, Done):
                    remaining.commit(outcome.segment, outcome.data, outcome.attempts)
                else:
                    remaining.lose(outcome.segment, outcome.failure)
            progress.ended(outcome.segment)
        on_progress(progress)
    losses = {folder: failure.reason for folder, failure in remaining.losses.items()}
    try:
        compact(job, out, work, remaining.attempts, losses)
    except MissingSegmentError:
        return False
    return True


def _is_current(job: Job, out: Place) -> bool:
    """Whether the tables at `out` are whole and hold just this job."""
    if not kind(out):
        return False
    metadata = read_metadata(out)
    return (
        metadata.get(FINGERPRINT_KEY) == job.fingerprint
        and metadata.get(INPUTS_KEY) == job.inputs
        and all(
            there == "folder"
            or (there and read_metadata(path).get(RUN_ID_KEY) == metadata.get(RUN_ID_KEY))
            for path in map(table_paths(out).__getitem__, tables_of(job.analysis))
            for there in [kind(path)]
        )
    )


def _ledger(out: Place) -> pa.Table:
    path = table_paths(out)["videos"]
    return read_table(path) if kind(path) else schema.TABLES["videos"].arrow.empty_table()


def _summary(job: Job, out: Place, *, dropped: list[str], unchanged: bool) -> Summary:
    ledger = _ledger(out).to_pylist()
    with open_table(out) as table:
        rows = table.metadata.num_rows
    count = Counter(row["status"] for row in ledger)
    return Summary(
        done=count["done"],
        partial=count["partial"],
        failed=count["failed"],
        rows=rows,
        tracks=sum(row["tracks"] for row in ledger),
        media_s=job.media_s,
        others=job.others,
        dropped=dropped,
        problems=[(row["video"], row["status"], row["reason"]) for row in ledger if row["reason"]],
        unchanged=unchanged,
    )
