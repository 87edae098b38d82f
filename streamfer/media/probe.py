"""What a file is, before any work is planned for it: size, rotation, rate and length."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfer.errors import InputError
from streamfer.media.container import VideoFile, open_video
from streamfer.media.limits import Limits, Meter
from streamfer.media.picture import quarter_turns, stored_size
from streamfer.media.seeking import ends_near, last_end, longest_run_up

_ANIMATIONS = {"apng", "gif", "webp"}
_NO_TIMESTAMPS = 0x0080  # AVFMT_NOTIMESTAMPS: a bare stream
_PROGRESSIVE = (0, 1)  # AVFieldOrder: unknown, progressive
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(frozen=True)
class MediaInfo:
    """What the header, and the first picture, say.

    `width` and `height` are as displayed, after rotation and pixel aspect; `rotation` is in
    degrees counter-clockwise. `frame_rate` is the average in Hz (nan: unknown). Times are in
    seconds: `start_s` is the container's start, the zero of the clock; `duration_s` is where
    the video ends on that clock, by the header (`declared`) or else by the packets, and `end_s`
    where it really ends, as far as packets tell; `run_up_s` is how much has to be decoded in
    vain before a time in its midst, at worst (see `streamfer.media.seeking`). `skips`:
    frames that no other refers to can be left out without changing the others. `limits` are
    what the file was probed with, and is held to when it is decoded.
    """

    path: str
    size_bytes: int
    container: str
    codec: str
    width: int
    height: int
    rotation: int
    frame_rate: float
    start_s: float
    duration_s: float
    end_s: float
    run_up_s: float
    declared: bool
    skips: bool
    limits: Limits


def probe(path: str, limits: Limits) -> MediaInfo:
    """Open a file, decode its first picture and, if need be, read through it for its length.

    Raises InputError, with a reason for the ledger, for what cannot be analysed; a file whose
    header exceeds a limit is refused before anything is decoded.
    """
    with open_video(path, limits) as file:
        stream = file.stream
        rate = float(stream.average_rate or math.nan)
        declared = _declared_end(file)
        limits.check_picture(stream.width, stream.height)
        limits.check_rate(rate)
        frame = _first_frame(file, limits)
        believed = declared is not None and ends_near(file, declared)
        end = declared if believed and declared is not None else _last_end(path, limits)
        limits.check_duration(float(end))
        with open_video(path, limits) as anew:
            run_up = longest_run_up(anew, end)
        width, height = stored_size(frame.width, frame.height, stream.sample_aspect_ratio)
        turns = quarter_turns(frame)
        return MediaInfo(
            path=path,
            size_bytes=file.container.size,
            container=file.container.format.name,
            codec=stream.codec.canonical_name,
            width=height if turns % 2 else width,
            height=width if turns % 2 else height,
            rotation=turns * 90,
            frame_rate=rate,
            start_s=float(file.origin),
            duration_s=float(end if declared is None else declared),
            end_s=float(end),
            run_up_s=float(run_up),
            declared=declared is not None,
            skips=_can_skip(stream) and not frame.interlaced_frame,
            limits=limits,
        )


def _first_frame(file: VideoFile, limits: Limits) -> VideoFrame:
    # An animation of one picture is a still; anything else of one picture is a short video.
    enough = 2 if file.stream.codec.canonical_name in _ANIMATIONS else 1
    frames = list(itertools.islice(_frames(file, Meter(limits)), enough))
    if len(frames) == enough:
        return frames[0]
    if frames:
        raise InputError("This is a still picture, not a video.")
    if file.stream.width == 0:
        raise InputError(
            "The header gives no size of the picture, or more than the limit of "
            f"{limits.max_pixels} pixels."
        )
    raise InputError("Nothing in the video stream can be decoded: it is damaged or encrypted.")


def _frames(file: VideoFile, meter: Meter) -> Iterator[VideoFrame]:
    """All that decodes, until reading fails."""
    with contextlib.suppress(av.error.FFmpegError):
        for packet in itertools.chain(file.packets(), [None]):
            with contextlib.suppress(av.error.FFmpegError):
                with meter.decoding():
                    frames = file.stream.codec_context.decode(packet)
                yield from frames


def _can_skip(stream: VideoStream) -> bool:
    """Whether NONREF skipping is exact: the standard promises it, and FFmpeg keeps to it.

    H.264: nal_ref_idc 0 (H.264 7.4.1). HEVC: a sub-layer non-reference picture may be
    referred to by a higher temporal sub-layer (H.265 7.4.2.2), so only where hvcC (ISO/IEC
    14496-15 8.3.3.1) says that there is one. A skipped first field would leave half a frame.
    """
    context = stream.codec_context
    if context.field_order not in _PROGRESSIVE:
        return False
    if context.name == "hevc":
        hvcc = context.extradata or b""
        return len(hvcc) > 21 and hvcc[0] == 1 and hvcc[21] >> 3 & 7 == 1
    return context.name == "h264"


def _declared_end(file: VideoFile) -> Fraction | None:
    """Where the header ends the video on the file's clock; None where it only guesses."""
    container, stream = file.container, file.stream
    if container.format.flags & _NO_TIMESTAMPS:
        return None
    if stream.duration is not None and stream.duration > 0:
        return file.seconds((stream.start_time or 0) + stream.duration)
    # Matroska: a tag for each track, else the length of the longest.
    if tag := _CLOCK.match(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = tag.groups()
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds) - file.origin
    if container.duration is not None and container.duration > 0:
        return Fraction(container.duration, av.time_base)
    return None


def _last_end(path: str, limits: Limits) -> Fraction:
    """Where the last picture ends, by reading all packets and decoding none."""
    untimed = 0
    meter = Meter(limits)

    def ends() -> Iterator[int]:
        nonlocal untimed
        for packet in file.packets_past_damage():
            if packet is None:
                continue
            pts = packet.dts if packet.pts is None else packet.pts
            if pts is None:
                untimed += packet.duration or 0
            else:
                meter.packet((packet.dts or pts) * unit)
                yield pts + (packet.duration or 0)

    with open_video(path, limits) as file:
        unit = float(file.time_base)
        return last_end(file, ends()) + untimed * file.time_base
