"""Reading the sampled pictures of any range of a video, exactly and cheaply.

Packets are read ahead of the decoder, those whose frames will be shown are chosen by PTS, and
the decoder leaves out the frames that nobody needs and no other frame refers to. What comes
out is what decoding everything would give, and does not depend on where reading began.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfer.media.container import VideoFile, open_video, seek_targets
from streamfer.media.picture import Picture, Pictures
from streamfer.media.probe import MediaInfo
from streamfer.media.sampling import Grid, nearest_frames, needed_packets


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
    `decode_errors` the number of packets and frames found damaged (they are passed over),
    and `ended` whether the stream's end was reached. Raises InputError where the file can no
    longer be opened. Pictures may change size within a video.
    """

    def __init__(
        self, info: MediaInfo, fps: int, first_tick: int = 0, last_tick: int | None = None
    ) -> None:
        self._info = info
        self._fps = fps
        self._first_tick = first_tick
        self._last_tick = last_tick
        self.decoded_until_s = 0.0
        self.decode_errors = 0
        self.ended = False

    def __iter__(self) -> Iterator[Sample]:
        # Frames at or before this serve no tick of the range.
        bound = Fraction(2 * self._first_tick - 1, 2 * self._fps)
        for target in (*seek_targets(self._info.container, bound), None):
            with open_video(self._info.path, self._info.max_pixels) as file:
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
        for tick, pts, frame in nearest_frames(frames, grid, self._first_tick, self._last_tick):
            yield Sample(tick, float(file.seconds(pts)), pictures.show(frame))

    def _frames(self, file: VideoFile, *, sought: bool) -> Iterator[tuple[int, VideoFrame]]:
        """Frames with their PTS, in order of presentation, less those that can be spared."""
        grid = Grid(self._fps, file.time_base, file.origin)
        packets = self._packets(file)
        if sought:
            packets = itertools.dropwhile(lambda packet: not packet.is_keyframe, packets)
        timed = ((packet.pts, packet.dts, packet) for packet in packets)
        context = file.stream.codec_context
        skips = self._info.skips
        step = int(1 / (file.time_base * (file.stream.average_rate or 25)))
        following = 0
        for packet, needed in itertools.chain(
            needed_packets(timed, grid, self._first_tick, self._last_tick), [(None, True)]
        ):
            context.skip_frame = "DEFAULT" if needed or not skips else "NONREF"
            try:
                frames = context.decode(packet)
            except av.error.FFmpegError:
                self.decode_errors += 1
                continue
            for frame in frames:
                self.decode_errors += frame.is_corrupt
                skips = skips and not frame.interlaced_frame
                pts = frame.dts if frame.pts is None else frame.pts
                pts = following if pts is None else pts
                following = pts + (frame.duration or step)
                self.decoded_until_s = max(self.decoded_until_s, float(file.seconds(following)))
                yield pts, frame
        self.ended = True

    def _packets(self, file: VideoFile) -> Iterator[Packet[VideoStream]]:
        for packet in file.packets_past_damage():
            if packet is None:
                self.decode_errors += 1
            else:
                yield packet
