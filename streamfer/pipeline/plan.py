"""From inputs to segments: the unit of work, decided from the file and the settings alone.

Segment k owns the ticks and the windows that start in [kL, (k+1)L) and reads a margin beyond
both ends, in which its neighbours see the same ticks. Neither the number of workers nor
anything else about a machine has a say, so neither can change a row.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from streamfer.config import Analysis
from streamfer.errors import InputError
from streamfer.media.identity import content_id, version
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe


@dataclass(frozen=True)
class Segment:
    """One piece of one video; ticks count sampling intervals from the video's start.

    Owned are first_tick <= tick < last_tick; `last_tick` is None in a video's last segment,
    which runs to the real end of the stream, since headers lie. Margins of `margin_ticks`
    are read on both sides.
    """

    folder: str
    info: MediaInfo
    index: int
    first_tick: int
    last_tick: int | None
    margin_ticks: int

    @property
    def read_from(self) -> int:
        """First tick that is read, margin included."""
        return max(0, self.first_tick - self.margin_ticks)

    @property
    def read_until(self) -> int | None:
        """Tick before which reading ends, margin included; None for the stream's end."""
        return None if self.last_tick is None else self.last_tick + self.margin_ticks

    def media_seconds(self, fps: int) -> float:
        """Expected length of the owned stretch, for progress only."""
        end = self.info.end_s if self.last_tick is None else self.last_tick / fps
        return max(0.0, end - self.first_tick / fps)


@dataclass(frozen=True)
class Video:
    """A video that can be analysed. `folder` names its work in progress.

    Files with the same bytes and the same time of change share it, and are analysed once.
    """

    key: str
    video_id: str
    folder: str
    info: MediaInfo
    segments: tuple[Segment, ...]


def plan_video(key: str, path: str, analysis: Analysis, context_s: float, limits: Limits) -> Video:
    """Probe a file and cut it into segments. Raises InputError where it is no video."""
    info = probe(path, limits)
    try:
        # A content id is of a sample of the bytes; a change elsewhere shows in the version.
        video_id, changed = content_id(path), version(path)
    except OSError as error:
        raise InputError(f"The file cannot be read: {error.strerror}.", retry=True) from None
    folder = hashlib.sha256(f"{video_id}:{changed}".encode()).hexdigest()[:32]
    return Video(key, video_id, folder, info, cut(folder, info, analysis, context_s))


def cut(folder: str, info: MediaInfo, analysis: Analysis, context_s: float) -> tuple[Segment, ...]:
    """The segments of a video, `segment_s` long, or a multiple of it where seeking is dear.

    No segment is shorter than what may have to be decoded in vain before it: so that is half as
    much again on average, at most, and a video in which nothing can be sought is one segment.
    """
    times = max(1, math.ceil(info.run_up_s / analysis.segment_s))
    length = times * analysis.segment_ticks
    # Rounding makes the last segment half a length at least, so no segment is mostly margin.
    count = max(1, round(info.end_s * analysis.fps / length))
    margin = analysis.margin_ticks(context_s)
    return tuple(
        Segment(
            folder=folder,
            info=info,
            index=index,
            first_tick=index * length,
            last_tick=(index + 1) * length if index + 1 < count else None,
            margin_ticks=margin,
        )
        for index in range(count)
    )
