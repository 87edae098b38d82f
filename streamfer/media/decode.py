"""Reading the sampled pictures of any range of a video, exactly and cheaply.

Packets are read ahead of the decoder, those whose frames will be shown are chosen by PTS, and
the decoder leaves out the frames that nobody needs and no other frame refers to. What comes
out is what decoding everything would give, and does not depend on where reading began.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfer.media.container import VideoFile, open_video
from streamfer.media.limits import Meter
from streamfer.media.picture import Picture, Pictures
from streamfer.media.probe import MediaInfo
from streamfer.media.sampling import Grid, believable_frames, nearest_frames, needed_packets
from streamfer.media.seeking import FAR_S, seek_targets

# A frame so much later than the one before is looked at twice.
_LEAP_S = 1


@dataclass(frozen=True)
class Sample:
    """The picture that serves a tick: uint8 (H, W, 3) RGB as displayed.

    `time_s` is the frame's own time on the file's clock, within half a tick of the tick's.
    """

    tick: int
    time_s: float
    picture: Picture


class SampleReader:
    """The samples of ticks first_tick <= k < last_tick (None: to the end), in order.

    Iterate once. Then `decoded_until_s` is where the last decoded frame ends,
    `decode_errors` the number of packets and frames found damaged, and of frames whose time
    cannot be true (all are passed over), and `ended` whether the stream's end was reached.
    `progress` is told the second that decoding has reached, which may lie before the range.
    Raises InputError where the file can no longer be read, or exceeds one of its limits.
    Pictures may change size within a video.
    """

    def __init__(
        self,
        info: MediaInfo,
        fps: int,
        first_tick: int = 0,
        last_tick: int | None = None,
        progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._info = info
        self._fps = fps
        self._first_tick = first_tick
        self._last_tick = last_tick
        self._progress = progress
        self.decoded_until_s = 0.0
        self.decode_errors = 0
        self.ended = False

    def __iter__(self) -> Iterator[Sample]:
        # Frames at or before this serve no tick of the range.
        bound = Fraction(2 * self._first_tick - 1, 2 * self._fps)
        for target in (*seek_targets(self._info.container, bound), None):
            with open_video(self._info.path, self._info.limits) as file:
                self.decoded_until_s, self.decode_errors = 0.0, 0
                if target is not None and not file.seek(target):
                    continue
                frames = self._frames(file, sought=target is not None)
                first = next(frames, None)
                # Whatever the seek landed on (no keyframe, an open group of pictures, an
                # intra refresh): all is well if a frame comes out before the range begins.
                if target is not None and (first is None or file.seconds(first[0]) > bound):
                    continue
                if first is not None:
                    yield from self._samples(file, itertools.chain([first], frames))
                return

    def _samples(
        self, file: VideoFile, frames: Iterator[tuple[int, VideoFrame]]
    ) -> Iterator[Sample]:
        grid = Grid(self._fps, file.time_base, file.origin)
        pictures = Pictures(file.stream.sample_aspect_ratio)
        believed = self._believed(file, frames)
        for tick, pts, frame in nearest_frames(believed, grid, self._first_tick, self._last_tick):
            yield Sample(tick, float(file.seconds(pts)), pictures.show(frame))

    def _believed(
        self, file: VideoFile, frames: Iterator[tuple[int, VideoFrame]]
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Frames but those whose time cannot be true."""
        leap, far = (int(seconds / file.time_base) for seconds in (_LEAP_S, FAR_S))
        latest = file.pts(Fraction(self._info.end_s)) + far
        for pts, frame, believed in believable_frames(frames, leap, far):
            if believed and pts <= latest:
                end_s = float(file.seconds(pts + (frame.duration or _step(file))))
                self.decoded_until_s = max(self.decoded_until_s, end_s)
                self._progress(self.decoded_until_s)
                yield pts, frame
            else:
                self.decode_errors += 1

    def _frames(self, file: VideoFile, *, sought: bool) -> Iterator[tuple[int, VideoFrame]]:
        """Frames with their PTS, in order of presentation, less those that can be spared."""
        grid = Grid(self._fps, file.time_base, file.origin)
        meter = Meter(self._info.limits)
        packets = self._packets(file, meter)
        if sought:
            packets = itertools.dropwhile(lambda packet: not packet.is_keyframe, packets)
        timed = ((packet.pts, packet.dts, packet) for packet in packets)
        context = file.stream.codec_context
        skips = self._info.skips
        following = 0
        for packet, needed in itertools.chain(
            needed_packets(timed, grid, self._first_tick, self._last_tick), [(None, True)]
        ):
            context.skip_frame = "DEFAULT" if needed or not skips else "NONREF"
            try:
                with meter.decoding():
                    frames = context.decode(packet)
            except av.error.FFmpegError:
                self.decode_errors += 1
                continue
            for frame in frames:
                self.decode_errors += frame.is_corrupt
                skips = skips and not frame.interlaced_frame
                pts = frame.dts if frame.pts is None else frame.pts
                pts = following if pts is None else pts
                following = pts + (frame.duration or _step(file))
                yield pts, frame
        self.ended = True

    def _packets(self, file: VideoFile, meter: Meter) -> Iterator[Packet[VideoStream]]:
        for packet in file.packets_past_damage():
            if packet is None:
                self.decode_errors += 1
            else:
                if packet.dts is not None:
                    meter.packet(float(file.seconds(packet.dts)))
                yield packet


def _step(file: VideoFile) -> int:
    """From one frame to the next where a frame does not say, in PTS."""
    return int(1 / (file.time_base * (file.stream.average_rate or 25)))
