"""What of a job is to be done yet, by what earlier runs left in its work folder."""

from __future__ import annotations

from dataclasses import replace

from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment
from streamfer.store.work import Failure, WorkFolder


class Remaining:
    """The segments that are neither committed nor given up, and what becomes of them.

    segments: those, as they were found.
    tried: whether some of them failed in an earlier run.
    losses: by folder, why segments of a video have no result.
    attempts: by folder, the most often one of a video's segments was begun.

    With `retry_failed` nothing is given up.
    """

    def __init__(self, job: Job, work: WorkFolder, *, retry_failed: bool = False) -> None:
        self._work = work
        self.segments: list[Segment] = []
        self.tried = False
        self.losses: dict[str, Failure] = {}
        unique = {video.folder: video for video in job.videos}
        self.attempts = dict.fromkeys(unique, 1)
        for folder, video in unique.items():
            committed = work.committed(folder)
            missing = [part for part in video.segments if part.index not in committed]
            failure = work.failure(folder) if missing else None
            if failure and failure.segments and not retry_failed:
                self.losses[folder] = failure
                missing = [part for part in missing if part.index not in failure.segments]
            self.segments += missing
            self.tried |= bool(failure and missing)

    def commit(self, segment: Segment, data: bytes, attempts: int) -> None:
        """Keep a segment's result, which took so many attempts."""
        self._work.commit(segment.folder, segment.index, data)
        self._note(segment, attempts)

    def lose(self, segment: Segment, failure: Failure) -> None:
        """Keep in mind why a segment has no result, and whether to try it in another run."""
        before = self.losses.get(segment.folder)
        given_up = before.segments if before else ()
        if not failure.retry:
            given_up += (segment.index,)
        self.losses[segment.folder] = replace(failure, segments=given_up)
        self._work.record_failure(segment.folder, self.losses[segment.folder])
        self._note(segment, failure.attempts)

    def _note(self, segment: Segment, attempts: int) -> None:
        self.attempts[segment.folder] = max(self.attempts[segment.folder], attempts)
