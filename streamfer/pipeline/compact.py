"""From committed segments to the tables of a run, for all videos in the order of their keys."""

from __future__ import annotations

from functools import partial

from streamfer.config import Analysis
from streamfer.errors import UsageError
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.job import Job
from streamfer.pipeline.ledger import failed_row
from streamfer.places import Place
from streamfer.store import schema
from streamfer.store.output import OutputTables, check_writable
from streamfer.store.segment_file import SegmentResult
from streamfer.store.work import WorkFolder

FINGERPRINT_KEY = "streamfer.fingerprint"
INPUTS_KEY = "streamfer.inputs"
"""Metadata of the timelines: what was computed, and from what."""


# Tables that are written only where the setting of their name says so.
_ASKED_FOR = ("audio", "embeddings", "frames")


class MissingSegmentError(Exception):
    """A result that was committed cannot be read: it was damaged, and is removed."""


def tables_of(analysis: Analysis) -> list[str]:
    """The tables that a run with these settings writes."""
    return [name for name in schema.TABLES if name not in _ASKED_FOR or getattr(analysis, name)]


def compact(
    job: Job, out: Place, work: WorkFolder, attempts: dict[str, int], losses: dict[str, str]
) -> None:
    """Put the tables of a job at `out`, video by video.

    By the videos' folders: how often their segments were begun, and why one may be missing.
    Raises MissingSegmentError where one is missing that may not.
    """

    def load(folder: str, index: int) -> SegmentResult | None:
        result = work.load(folder, index)
        if result is None and folder not in losses:
            raise MissingSegmentError
        return result

    metadata = job.metadata | {FINGERPRINT_KEY: job.fingerprint, INPUTS_KEY: job.inputs}
    videos = {video.key: video for video in job.videos}
    with OutputTables(out, metadata, tables_of(job.analysis), work.check) as tables:
        for key in sorted(videos.keys() | job.failed.keys()):
            video = videos.get(key)
            if video is None:
                tables.write(key, {"videos": [failed_row(key, job.failed[key])]})
                continue
            rows = assemble(
                video,
                partial(load, video.folder),
                job.analysis,
                attempts=attempts.get(video.folder, 0),
                loss=losses.get(video.folder, ""),
            )
            tables.write(key, rows)


def compact_partial(out: Place, target: Place) -> None:
    """Put what is done so far of the run whose timelines will be at `out` at `target`.

    Nothing of the run is touched, so it may be under way. Videos that are not finished are
    `partial` or `failed`, with the missing stretches named, and why, if they failed for good.
    Raises UsageError where there is no work in progress.
    """
    check_writable(target)
    work = WorkFolder(out)
    data = work.latest_job()
    if data is None or target.absolute() == out.absolute():
        raise UsageError(
            f"{target} is where the run itself will write: choose another name."
            if data
            else f"There is no work in progress beside {out}."
        )
    job = Job.from_json(data)
    failures = {video.folder: work.failure(video.folder) for video in job.videos}
    losses = {
        folder: failure.reason if failure and not failure.retry else "not analysed yet."
        for folder, failure in failures.items()
    }
    compact(job, target, work, {}, losses)
