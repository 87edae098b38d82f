"""A whole run: what is to be done, doing it by whatever means, and putting the tables in place.

`prepare` looks and changes nothing; `run` takes the output's lock, has the missing segments
done by an executor (a cluster, or this process), commits each as it comes, and assembles.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from streamfer.media.discover import discover
from streamfer.pipeline.assemble import assemble, ledger_row
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.plan import Segment, Video, plan_video
from streamfer.store import schema
from streamfer.store.output import (
    RUN_ID_KEY,
    OutputTables,
    check_writable,
    read_metadata,
    table_paths,
)
from streamfer.store.work import Failure, WorkFolder
from streamfer.weights.runtime import Device

# Raised whenever the same settings and models would give other rows than before.
ALGORITHM = 1

_FINGERPRINT_KEY = "streamfer.fingerprint"
_INPUTS_KEY = "streamfer.inputs"


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
    """Seconds of media that have been reached in segments that are not done."""

    seconds: float


Outcome = Done | Lost | Working
Execute = Callable[[Sequence[Segment]], Iterable[Outcome]]


@dataclass(frozen=True)
class Job:
    """What a run will do.

    `failed` maps the keys of unusable files to the reasons; `others` counts files in folders
    that are no videos. `crop_size` (pixels) and `context_s` are the models'.
    """

    analysis: Analysis
    device: Device
    crop_size: int
    context_s: float
    metadata: dict[str, str]
    fingerprint: str
    videos: list[Video]
    failed: dict[str, str]
    others: int

    @property
    def inputs(self) -> str:
        """A digest of all inputs: it changes when one is added, removed or changed."""
        listing = [[video.key, video.folder] for video in self.videos]
        return _digest([listing, sorted(self.failed.items())])

    @property
    def media_s(self) -> float:
        """Length of all videos, seconds."""
        return sum(video.info.duration_s for video in self.videos)


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


def prepare(inputs: Sequence[str], analysis: Analysis, device: Device, max_pixels: int) -> Job:
    """Find and probe the inputs and check the models; nothing is written.

    Raises UsageError if a model cannot be had or there is nothing to analyse.
    """
    models = LocalModels.load(analysis, device)
    description = models.describe()
    found = discover(inputs)
    videos: list[Video] = []
    failed = dict(found.problems)
    for source in found.videos:
        try:
            video = plan_video(source.key, source.path, analysis, models.context_s, max_pixels)
        except InputError as error:
            failed[source.key] = str(error)
        else:
            videos.append(video)
    settings = dataclasses.asdict(analysis)
    return Job(
        analysis=analysis,
        device=device,
        crop_size=models.crop_size,
        context_s=models.context_s,
        metadata={
            "streamfer.settings": json.dumps(settings),
            "streamfer.models": json.dumps(description),
            "streamfer.labels": json.dumps(EMOTIONS),
        },
        fingerprint=_digest([ALGORITHM, settings, description])[:16],
        videos=videos,
        failed=failed,
        others=found.others,
    )


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
        attempts = _work_through(job, work, losses, execute, on_progress)
        _assemble_all(job, out, work, attempts, losses)
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
    progress = Progress(len(unique), total, resumed_s=total - left, media_done_s=total - left)
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
                work.record_failure(folder, **dataclasses.asdict(outcome.failure))
            waiting[folder] -= 1
            finished_s += outcome.segment.media_seconds(fps)
            progress.media_done_s = finished_s
        progress.videos_done = sum(count == 0 for count in waiting.values())
        on_progress(progress)
    return attempts


def _assemble_all(
    job: Job, out: Path, work: WorkFolder, attempts: dict[str, int], losses: dict[str, Failure]
) -> None:
    analysis = job.analysis
    metadata = job.metadata | {_FINGERPRINT_KEY: job.fingerprint, _INPUTS_KEY: job.inputs}
    videos = {video.key: video for video in job.videos}
    with OutputTables(
        out, metadata, frames=analysis.frames, embeddings=analysis.embeddings
    ) as tables:
        for key in sorted(videos.keys() | job.failed.keys()):
            video = videos.get(key)
            if video is None:
                failed = ledger_row(video=key, status="failed", reason=job.failed[key])
                tables.write_videos(failed)
                continue
            loss = losses.get(video.folder)
            rows = assemble(
                video,
                partial(work.load, video.folder),
                analysis,
                attempts=attempts[video.folder],
                loss=loss.reason if loss else "",
            )
            tables.write_timelines(rows.timelines)
            tables.write_videos(rows.ledger)
            if analysis.frames:
                for piece in rows.frames:
                    tables.write_frames(piece)
            if analysis.embeddings:
                tables.write_embeddings(key, rows.embeddings)


def _is_current(job: Job, out: Path) -> bool:
    """Whether the tables at `out` are whole and hold just this job."""
    if not out.exists():
        return False
    metadata = read_metadata(out)
    paths = table_paths(out)
    wanted = ["videos"] + ["frames"] * job.analysis.frames
    return (
        metadata.get(_FINGERPRINT_KEY) == job.fingerprint
        and metadata.get(_INPUTS_KEY) == job.inputs
        and all(
            paths[name].exists()
            and read_metadata(paths[name]).get(RUN_ID_KEY) == metadata.get(RUN_ID_KEY)
            for name in wanted
        )
        and (paths["embeddings"].is_dir() or not job.analysis.embeddings)
    )


def _ledger(out: Path) -> pa.Table:
    path = table_paths(out)["videos"]
    return pq.read_table(path) if path.exists() else schema.VIDEOS.empty_table()


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


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
