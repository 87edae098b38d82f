"""Segments to schedule, of videos that nobody opens."""

from collections.abc import Mapping

from streamfer.media.probe import MediaInfo
from streamfer.pipeline.plan import Segment


def segments_of(info: MediaInfo, videos: Mapping[str, int]) -> list[Segment]:
    """As many segments of each video as it says, in order."""
    return [
        Segment(folder, info, index, index * 50, (index + 1) * 50, margin_ticks=15)
        for folder, count in videos.items()
        for index in range(count)
    ]
