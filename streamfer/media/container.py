"""Opening a video file: FFmpeg's demuxer, the video stream in it, and the clock they share."""

from __future__ import annotations

import math
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from streamfer.errors import InputError
from streamfer.media.limits import Limits
from streamfer.media.remote import RemoteFile
from streamfer.places import is_uri

# Demuxers that read other files, or draw text: never a video in itself.
_PLAYLISTS = {"concat", "dash", "hls", "imf", "sdp"}
_TEXT_ART = {"adf", "bin", "idf", "tty", "xbin"}
_GENERATE_PTS = 0x0001  # AVFMT_FLAG_GENPTS, which PyAV sets
_PICTURE_BRANDS = {"avif", "heic", "heix", "mif1"}
# Errors of the demuxer, one after the other, after which the rest of a file is given up.
_DEMUX_ERRORS = 8


@dataclass(frozen=True)
class VideoFile:
    """An open file. Its clock shows PTS x `time_base` - `origin`, in seconds."""

    container: InputContainer
    stream: VideoStream
    time_base: Fraction
    origin: Fraction

    def seconds(self, pts: int) -> Fraction:
        """The time of a PTS on the file's clock."""
        return pts * self.time_base - self.origin

    def pts(self, time: Fraction) -> int:
        """The last PTS that is not after a time on the file's clock."""
        return math.floor((time + self.origin) / self.time_base)

    def packets(self, *others: AudioStream) -> Iterator[Packet[Any]]:
        """The stream's packets from here on. Raises FFmpegError where reading fails.

        Without the empty ones, which would tell a decoder that the stream is over. With those
        of `others`, as they lie in the file.
        """
        try:
            for packet in self.container.demux(self.stream, *others):
                if packet.size > 0:
                    yield packet
        except IndexError:
            # PyAV 18 stumbles, at the end of a file, over a stream that began in mid-file.
            return

    def packets_past_damage(self, *others: AudioStream) -> Iterator[Packet[Any] | None]:
        """As `packets`, but reads on behind damage, for which it gives None.

        Until there is no end to it.
        """
        failures = 0
        while failures < _DEMUX_ERRORS:
            try:
                for packet in self.packets(*others):
                    failures = 0
                    yield packet
            except av.error.FFmpegError:
                failures += 1
                yield None
            else:
                return

    def seek(self, target: Fraction) -> bool:
        """Go to a keyframe at or before a time on the clock. Whether that could be tried."""
        try:
            self.container.seek(self.pts(target), stream=self.stream, backward=True)
        except av.error.FFmpegError:
            return False
        return True


@contextmanager
def open_video(path: str, limits: Limits) -> Iterator[VideoFile]:
    """Open the first video stream of a local file or a URI, to be decoded on one thread.

    The decoder refuses pictures far above the limit, in mid-stream too. Raises InputError, with
    a reason for a person, for what is no readable video file. Of a URI, a read that fails on the
    way raises it when the context is left, which is after FFmpeg has taken it for the end: what
    was made of the file counts only then.
    """
    if is_uri(path):
        with RemoteFile(path) as file, _opened(file, limits) as video:
            yield video
    else:
        _check_file(path)
        # An absolute path cannot be taken for a URL, whatever characters are in it.
        with _opened(str(Path(path).absolute()), limits) as video:
            yield video


@contextmanager
def _opened(file: str | RemoteFile, limits: Limits) -> Iterator[VideoFile]:
    # FFmpeg counts what it stores, which is padded to whole blocks.
    limit = {"max_pixels": str(2 * limits.max_pixels)}
    # What a file names beside itself stays closed: of a URI all, of a path what is elsewhere.
    protocols = "file" if isinstance(file, str) else ""
    try:
        container = av.open(
            file,
            mode="r",
            options={"protocol_whitelist": protocols, **limit},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(_why_not_opened(file, error), retry=isinstance(error, OSError)) from None
    with container:
        if container.format.name == "avi":
            # AVI holds no PTS, and those that FFmpeg would make up are out of order.
            container.flags &= ~_GENERATE_PTS
        stream = _video_stream(container)
        if stream.time_base is None:
            raise InputError("The video stream has no time base: it cannot be placed in time.")
        context = stream.codec_context
        context.thread_type = "NONE"
        context.thread_count = 1
        context.options = limit
        for other in container.streams:
            if other.index != stream.index:
                other.discard = av.stream.Discard.all
        origin = _origin(container, stream, stream.time_base)
        yield VideoFile(container, stream, stream.time_base, origin)


def _check_file(path: str) -> None:
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError("This is a folder, not a file.")
        if not stat.S_ISREG(status.st_mode):
            raise InputError("This is not a regular file.")
        with Path(path).open("rb"):
            pass
    except FileNotFoundError:
        raise InputError("There is no such file.", retry=True) from None
    except PermissionError:
        raise InputError("You may not read this file: check its permissions.", retry=True) from None
    except OSError as error:
        raise InputError(f"The file cannot be read: {error.strerror}.", retry=True) from None
    if status.st_size == 0:
        raise InputError("The file is empty.")


def _why_not_opened(file: str | RemoteFile, error: Exception) -> str:
    if not isinstance(error, av.error.InvalidDataError):
        return f"FFmpeg cannot open it: {getattr(error, 'strerror', None) or error}."
    if _head(file)[4:] == b"ftyp":
        return (
            "This MP4 file has no index (moov): it was cut off, or is still being written. "
            "Fetch it again in full, or repair it."
        )
    return "This is not a video: FFmpeg recognises no container in it."


def _head(file: str | RemoteFile) -> bytes:
    if isinstance(file, RemoteFile):
        file.seek(0)
        return file.read(8)
    with Path(file).open("rb") as local:
        return local.read(8)


def _video_stream(container: InputContainer) -> VideoStream:
    name = container.format.name
    if name in _PLAYLISTS:
        raise InputError("This is a playlist, not a video: give the files it names.")
    if name in _TEXT_ART:
        raise InputError("This is text, not a video.")
    brand = container.metadata.get("major_brand", "")
    if name.startswith("image2") or name.endswith("_pipe") or brand in _PICTURE_BRANDS:
        raise InputError("This is a still picture, not a video.")
    moving = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not moving:
        if container.streams.audio:
            raise InputError("This file has sound but no moving picture.")
        raise InputError("There is no video stream in this file.")
    if moving[0].codec_context is None:
        raise InputError("FFmpeg has no decoder for this video's codec.")
    return moving[0]


def _origin(container: InputContainer, stream: VideoStream, time_base: Fraction) -> Fraction:
    """The container's start in seconds.

    FFmpeg gives it rounded to microseconds; where a stream's own start rounds to the same,
    that is the exact value, and shifting a file in time moves no frame across a tick's edge.
    """
    if container.start_time is None:
        return (stream.start_time or 0) * time_base
    rounded = Fraction(container.start_time, av.time_base)
    starts = (
        other.start_time * other.time_base
        for other in container.streams
        if other.start_time is not None and other.time_base is not None
    )
    half = Fraction(1, 2 * av.time_base)
    return min((start for start in starts if abs(start - rounded) <= half), default=rounded)
