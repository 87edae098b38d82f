"""A video written anew with every picture changed, its times and its sound kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import cv2
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from streamfer.media.container import VideoFile, open_video
from streamfer.media.picture import Picture, Pictures
from streamfer.media.probe import MediaInfo

CONTAINERS = (".mkv", ".mov", ".mp4")
"""Suffixes of what can be written."""

Change = Callable[[Picture, float], object]
"""Draws on a picture, uint8 (H, W, 3) RGB as displayed, at a time in seconds."""

# libx264's: hardly to be told from the original, at twice real time on one core at 720p.
_QUALITY = MappingProxyType({"preset": "veryfast", "crf": "20"})
_UNSPECIFIED = 2
# AVColorSpace: the matrices from and to which swscale converts.
_MATRICES = {1, _UNSPECIFIED, 4, 5, 6, 7, 9}


def rewrite(info: MediaInfo, target: Path, change: Change) -> None:
    """Write a video to `target` as H.264, its pictures as `change` leaves them.

    Times are on the file's clock, whose zero is that of what is written; pictures keep theirs to
    the unit in which the file counts. They are upright, keep what their colours mean, and get a
    line or column more where their size is odd. The sound is the file's first, copied where the
    container that the suffix names can hold it, and otherwise encoded as AAC.

    Raises InputError if the video cannot be read, OSError if `target` cannot be written.
    """
    with (
        open_video(info.path, info.limits) as file,
        av.open(str(target.absolute()), "w", options=_options(target)) as container,
    ):
        pictures = _Pictures(file, container, info.width, info.height)
        heard = file.container.streams.audio[:1]
        sound = _Sound(file, container, heard[0]) if heard else None
        for packet in file.packets_past_damage(*heard):
            if packet is None:
                continue
            if sound and packet.stream_index == heard[0].index:
                sound.put(packet)
            else:
                pictures.put(packet, change)
        pictures.put(None, change)
        if sound:
            sound.put(None)


def _options(target: Path) -> dict[str, str]:
    """An MP4 says when its streams begin in a unit of its own, which is coarse unless told."""
    return {} if target.suffix == ".mkv" else {"movie_timescale": "90000"}


class _Pictures:
    """Decodes, has changed, and encodes pictures."""

    def __init__(
        self, file: VideoFile, container: OutputContainer, width: int, height: int
    ) -> None:
        self._file = file
        self._container = container
        self._size = (width, height)
        self._show = Pictures(file.stream.sample_aspect_ratio).show
        self._reformatter = VideoReformatter()
        self._zero = round(file.origin / file.time_base)
        self._last = self._zero - 1
        self._following = self._zero
        # x264 takes the rate for its buffers only; the frames keep the times they are given.
        stream = container.add_stream("libx264", rate=30, options=dict(_QUALITY))
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        source, context = file.stream.codec_context, stream.codec_context
        context.time_base = file.time_base
        context.colorspace = source.colorspace if source.colorspace in _MATRICES else _UNSPECIFIED
        context.color_range = source.color_range
        context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
        self._stream = stream

    def put(self, packet: Packet[Any] | None, change: Change) -> None:
        """Write the pictures that a packet completes; None ends them."""
        for pts, frame in self._decoded(packet):
            picture = self._show(frame)
            if picture.shape[1::-1] != self._size:  # it changed in mid-stream
                picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
            change(picture, float(self._file.seconds(pts)))
            written = self._frame(picture)
            written.pts, written.time_base = pts - self._zero, self._file.time_base
            self._container.mux(self._stream.encode(written))
        if packet is None:
            self._container.mux(self._stream.encode(None))

    def _decoded(self, packet: Packet[Any] | None) -> Iterator[tuple[int, VideoFrame]]:
        """Frames with their PTS, which rise; those whose times are broken are left out."""
        try:
            frames = self._file.stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            return
        for frame in frames:
            pts = frame.dts if frame.pts is None else frame.pts
            pts = self._following if pts is None else pts
            self._following = pts + (frame.duration or 1)
            if pts > self._last:
                self._last = pts
                yield pts, frame

    def _frame(self, picture: Picture) -> VideoFrame:
        height, width = picture.shape[:2]
        if width % 2 or height % 2:
            edges = (0, height % 2, 0, width % 2)
            picture = cv2.copyMakeBorder(picture, *edges, cv2.BORDER_REPLICATE)
        context = self._stream.codec_context
        return self._reformatter.reformat(
            VideoFrame.from_ndarray(picture, format="rgb24"),
            format="yuv420p",
            dst_colorspace=context.colorspace,
            dst_color_range=context.color_range,
            threads=1,
        )


class _Sound:
    """Copies the packets of one stream, or decodes and encodes them."""

    def __init__(self, file: VideoFile, container: OutputContainer, source: AudioStream) -> None:
        source.discard = Discard.default
        self._container = container
        self._source = source
        self._zero = round(file.origin / (source.time_base or file.time_base))
        self._last = -math.inf
        self._copies = source.codec.canonical_name in container.supported_codecs
        self._stream: AudioStream = (
            container.add_stream_from_template(source)
            if self._copies
            else container.add_stream("aac", rate=source.rate)
        )

    def put(self, packet: Packet[Any] | None) -> None:
        """Write a packet, on the clock of what is written; None ends the sound."""
        if not self._copies:
            self._encode(packet)
        # A container takes no packet twice, as damage may make it seem.
        elif packet and packet.dts is not None and packet.dts > self._last:
            self._last = packet.dts
            packet.dts -= self._zero
            packet.pts = packet.dts if packet.pts is None else packet.pts - self._zero
            packet.stream = self._stream
            self._container.mux(packet)

    def _encode(self, packet: Packet[Any] | None) -> None:
        try:
            frames = self._source.codec_context.decode(packet)
        except av.error.FFmpegError:
            frames = []
        for frame in frames:
            if frame.pts is not None:
                frame.pts -= self._zero
            self._container.mux(self._stream.encode(frame))
        if packet is None:
            self._container.mux(self._stream.encode(None))
