"""How far a run has come, kept as outcomes arrive: each costs the same, however many videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment


class Progress:
    """Of a job whose segments `missing` are to be done; times are seconds of media.

    videos, videos_done: how many, copies of a file each.
    media_s: all of it, a file with copies once.
    resumed_s, media_done_s: how much was done before, and is done now.
    """

    def __init__(self, job: Job, missing: Collection[Segment]) -> None:
        self._fps = job.analysis.fps
        self._copies = Counter(video.folder for video in job.videos)
        self._waiting = Counter(part.folder for part in missing)
        unique = {video.folder: video for video in job.videos}
        self.videos = len(job.videos)
        self.videos_done = sum(n for name, n in self._copies.items() if not self._waiting[name])
        self.media_s = sum(map(self._seconds, (p for v in unique.values() for p in v.segments)))
        self.resumed_s = self.media_s - sum(map(self._seconds, missing))
        self.media_done_s = self._ended_s = self.resumed_s

    def ended(self, segment: Segment) -> None:
        """A segment is done or given up."""
        self._ended_s += self._seconds(segment)
        self.media_done_s = self._ended_s
        self._waiting[segment.folder] -= 1
        if not self._waiting[segment.folder]:
            self.videos_done += self._copies[segment.folder]

    def working(self, seconds: float) -> None:
        """So much has been reached of segments that have not ended."""
        self.media_done_s = self._ended_s + seconds

    def _seconds(self, segment: Segment) -> float:
        return segment.media_seconds(self._fps)
