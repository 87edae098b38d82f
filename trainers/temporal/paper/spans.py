"""From a clip's span to times on the clock of streamfer's tables.

Corpora count from the first picture, in seconds or in pictures; the tables count from the start of
the container, which may be the sound's. A picture's number becomes a time by its PTS: number / fps
would be wrong wherever a rate is rounded or varies.
"""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamfer.media.container import open_video
from streamfer.media.limits import Limits
from trainers.corpora.samples import Pictures, Seconds

FloatArray = NDArray[np.float64]


def picture_times(video: Path) -> FloatArray:
    """When each picture is shown, seconds, ascending. Nothing is decoded.

    AVI holds no PTS: there the times are those of decoding, which streamfer shows a picture or two
    later if the codec reorders pictures.

    Raises:
        InputError: The file is no video.
    """
    with open_video(str(video), Limits()) as file:
        shown = (
            packet.dts if packet.pts is None else packet.pts
            for packet in file.packets_past_damage()
            if packet is not None and not packet.is_discard
        )
        timed = sorted(pts for pts in shown if pts is not None)
        return np.array([float(file.seconds(pts)) for pts in timed])


def interval(span: Seconds | Pictures | None, times: FloatArray) -> tuple[float, float] | None:
    """From when until before when a span lasts, seconds; None if it begins after the video.

    `times` (n,) are those of the pictures, ascending; of no span they do not matter.
    """
    if span is None:
        return -inf, inf
    if not len(times):
        return None
    if isinstance(span, Seconds):
        start, end = times[0] + span.start, times[0] + span.end
        return None if start > times[-1] else (start, end)
    if span.first >= len(times):
        return None
    return times[span.first], times[span.end] if span.end < len(times) else inf
