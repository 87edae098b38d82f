"""Where in mid-file reading can begin, how much is decoded in vain there, and where a video ends.

All is found by seeking and by reading packets; nothing is decoded. No header is believed:
files are cut off, and indexes are missing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.packet import Packet

from streamfer.media.container import VideoFile

# Demuxers whose timestamps after a seek are those of reading from the start (measured); but of
# a program stream ("mpeg") the first may be wrong, as it may belong to a frame that was cut off.
_SEEKABLE = {
    "asf",
    "avi",
    "flv",
    "matroska,webm",
    "mov,mp4,m4a,3gp,3g2,mj2",
    "mpeg",
    "mpegts",
    "mxf",
}
# Seconds before a time at which to look for a keyframe if there is none; then twice as many.
_RUN_UP_S = 2
# Seeking is tried at so many places.
_PLACES = 8
# A header that is wrong by no more than this is good enough.
_TOLERANCE_S = 10

FAR_S = 3600
"""Few pictures so many seconds after all others have wrong timestamps."""


def seek_targets(demuxer: str, bound: Fraction) -> Iterator[Fraction]:
    """Where to seek in order to have read up to `bound` (s), the most promising first.

    Nothing where timestamps after a seek cannot be trusted. Seeking may fail to land before
    `bound`: then the next is tried, and in the end the file is read from its start.
    """
    if demuxer not in _SEEKABLE:
        return
    run_up = _RUN_UP_S if demuxer == "mpeg" else 0
    while bound > run_up:
        yield bound - run_up
        run_up = max(_RUN_UP_S, 2 * run_up)


def longest_run_up(file: VideoFile, end: Fraction) -> Fraction:
    """How many seconds have to be decoded, at worst, before a time that is wanted.

    That is how far apart the keyframes are to which seeking leads, in some places of a video of
    `end` seconds; and `end` where decoding has to begin at the start. The file must have been
    opened for this alone: what has been read once may be found again without an index.
    """
    if file.container.format.name not in _SEEKABLE:
        return end
    longest = Fraction(0)
    for place in (end * number / _PLACES for number in range(_PLACES, 0, -1)):
        if place <= longest:
            break
        longest = max(longest, _run_up(file, place))
    return longest


def _run_up(file: VideoFile, place: Fraction) -> Fraction:
    for target in seek_targets(file.container.format.name, place):
        for pts, packet in _packets_from(file, target):
            if file.seconds(pts) > place:
                break
            if packet.is_keyframe:
                return place - file.seconds(pts)
    return place


def ends_near(file: VideoFile, declared: Fraction) -> bool:
    """Whether the packets there bear out that the video ends where a header says."""
    after, far = (file.pts(declared + seconds) for seconds in (_TOLERANCE_S, FAR_S))
    for target in seek_targets(file.container.format.name, declared):
        ends = []
        for pts, packet in _packets_from(file, target):
            if after < pts < far:
                return False
            ends.append(pts + (packet.duration or 0))
        if ends:
            return abs(last_end(file, ends) - declared) <= _TOLERANCE_S
    return False


def last_end(file: VideoFile, ends: Iterable[int]) -> Fraction:
    """The last time at which a picture ends, of PTS; 0 where there is none.

    One picture, or a tenth of all, may have wild timestamps: what lies more than an hour after
    all others does not count.
    """
    latest = np.sort(np.fromiter(ends, np.int64))
    suspects = latest[-max(1, len(latest) // 10) - 1 :]
    leaps = np.flatnonzero(np.diff(suspects) > int(FAR_S / file.time_base))
    last = suspects[leaps[0]] if len(leaps) else max(suspects, default=None)
    return Fraction(0) if last is None else file.seconds(int(last))


def _packets_from(file: VideoFile, target: Fraction) -> Iterator[tuple[int, Packet[Any]]]:
    """Those with a time, from where a seek to `target` leads to the end or the first damage."""
    if file.seek(target):
        with contextlib.suppress(av.error.FFmpegError):
            for packet in file.packets():
                pts = packet.dts if packet.pts is None else packet.pts
                if pts is not None:
                    yield pts, packet
