"""Reading the sound of any range of a video, on the clock of its picture.

Samples are counted from the clock's zero: sample n of a sound of R Hz lies n / R seconds after
it. Where a frame begins is told by its PTS, which may be coarse (1 ms in Matroska) or jitter.
So:

- A frame that begins within 10 ms of the last one's end follows it; but the first frame to
  begin in each second of the clock begins where its PTS says, so that errors do not add up. What
  is then missing is filled with the value that follows.
- Any other frame begins where its PTS says. What is missing before it is a hole, and stays one.
- What would come before sound that there is already is dropped, as is what comes before the
  clock's zero (an encoder's priming).
- A frame more than a second ahead of all before it counts only if the next one is near it: one
  wild timestamp in a damaged file does not cost all that comes after it.

Reading begins two seconds before the range. By then seconds have begun anew and decoders have
settled, so what comes out does not depend on where reading began (but for the noise that some
codecs have their decoders draw).
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame, format_dtypes
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from numpy.typing import NDArray

from streamfer.media.container import VideoFile, open_video
from streamfer.media.probe import MediaInfo
from streamfer.media.sampling import Grid
from streamfer.media.seeking import seek_targets

# Sound of a lower rate is none, but would have to be counted in ticks all the same.
_LOWEST_HZ = 1000
_JITTER_S = 0.01
_LEAP_S = 1
_SETTLE_S = 2
# The file has passed the range where so many pictures in a row lie so many seconds behind it:
# sound may be stored later than its picture, and one timestamp may be wrong.
_SKEW_S = 10
_PASSED = 8
# One frame at most: raw sound may come in packets of any size.
_MAX_SAMPLES = 1 << 20
# PyAV 18 reads beyond the list of a frame's planes, and of more it cannot even count them.
_MAX_PLANES = 8
# Float samples may exceed full scale (1); what exceeds it by 24 dB is damage.
_MAX_VALUE = 16

# A frame, and the sample that it begins at by its PTS; None: where the last one ended.
_Timed = tuple[int | None, AudioFrame]


@dataclass(frozen=True)
class Stretch:
    """Sound without a hole: float32 (channels, N), full scale is 1.

    Sample n lies (start + n) / rate seconds after the clock's zero.
    """

    start: int
    rate: int
    samples: NDArray[np.float32]


class SoundReader:
    """The sound from second `first_s` to before `last_s` (None: to the end), without overlap.

    Of the stream that is marked as the default, or else the first, of those that FFmpeg can
    decode. Iterate once. As soon as that has begun, `stream` tells in words which it is, or why
    there is none, and `errors` is the number of packets and frames in the range that were passed
    over so far: damaged, of another rate, or of a sample format that PyAV does not know. Raises
    InputError where the file can no longer be opened.
    """

    def __init__(self, info: MediaInfo, first_s: int, last_s: Fraction | None) -> None:
        self._info = info
        self._first_s = first_s
        self._last_s = last_s
        self.stream = ""
        self.errors = 0

    def __iter__(self) -> Iterator[Stretch]:
        bound = Fraction(self._first_s - _SETTLE_S)
        for target in (*seek_targets(self._info.container, bound), None):
            with open_video(self._info.path, self._info.limits) as file:
                stream, self.stream = _choose(file.container)
                if stream is None or stream.time_base is None:
                    return
                stream.discard = Discard.default
                if target is not None and not file.seek(target):
                    continue
                packets = file.packets_past_damage(stream)
                first = next(packets, None)
                # Whatever the seek landed on: all is well if it lies before the range.
                if target is not None and (first is None or _time(file, first) > bound + 1):
                    continue
                self.errors = 0
                begin = [] if first is None else [first]
                frames = self._frames(file, stream, itertools.chain(begin, packets))
                timed = self._timed(stream.rate, stream.time_base, file.origin, frames)
                yield from self._cut(self._place(self._confirm(timed)))
                return

    def _frames(
        self, file: VideoFile, stream: AudioStream, packets: Iterator[Packet[Any] | None]
    ) -> Iterator[AudioFrame]:
        """Frames, until the file has passed the range by far."""
        context = stream.codec_context
        context.thread_type = "NONE"
        context.thread_count = 1
        context.options = {"max_samples": str(_MAX_SAMPLES)}
        far: float = math.inf
        if self._last_s is not None:
            far = math.ceil((self._last_s + _SKEW_S + file.origin) / file.time_base)
        passed = 0
        for packet in packets:
            if packet is None:
                self.errors += 1
            elif packet.stream_index != stream.index:
                passed = passed + 1 if (packet.pts or packet.dts or 0) > far else 0
                if passed == _PASSED:
                    return
            else:
                try:
                    yield from context.decode(packet)
                except av.error.FFmpegError:
                    self.errors += _time(file, packet) >= self._first_s
        with contextlib.suppress(av.error.FFmpegError):
            yield from context.decode(None)

    def _timed(
        self, rate: int, time_base: Fraction, origin: Fraction, frames: Iterator[AudioFrame]
    ) -> Iterator[_Timed]:
        """Frames of one rate with the sample that each begins at by its PTS."""
        grid: Grid | None = None  # its ticks are samples
        for frame in frames:
            # Of AAC with spectral band replication the header may tell half the rate.
            if grid is None and frame.sample_rate in (rate, 2 * rate):
                grid = Grid(frame.sample_rate, time_base, origin)
            pts = frame.dts if frame.pts is None else frame.pts
            start = None if pts is None or grid is None else grid.place(pts)[0]
            if grid and frame.sample_rate == grid.fps and _readable(frame):
                yield start, frame
            else:
                self.errors += start is None or start >= self._first_s * frame.sample_rate

    def _confirm(self, frames: Iterator[_Timed]) -> Iterator[_Timed]:
        """All but those that leap ahead alone."""
        end: int | None = None
        held: tuple[int, AudioFrame] | None = None
        for start, frame in frames:
            leap = _LEAP_S * frame.sample_rate
            if held is not None:
                held_end = held[0] + held[1].samples
                if start is None or abs(start - held_end) <= leap:
                    yield held
                    end = held_end
                else:
                    self.errors += held[0] >= self._first_s * frame.sample_rate
                held = None
            if start is not None and (end is None or start > end + leap):
                held = start, frame
            else:
                yield start, frame
                end = max(end or 0, ((end or 0) if start is None else start) + frame.samples)
        if held is not None:
            yield held

    def _place(self, frames: Iterator[_Timed]) -> Iterator[Stretch]:
        """Frames on the clock, without overlap."""
        second = 0
        following: int | None = None
        for by_pts, frame in frames:
            rate = frame.sample_rate
            samples = _samples(frame)
            start = (following or 0) if by_pts is None else by_pts
            new_second = start // rate != second
            second = start // rate
            if following is not None and abs(start - following) <= rate * _JITTER_S:
                if new_second:
                    missing = max(start - following, 0)
                    samples = np.pad(samples, ((0, 0), (missing, 0)), mode="edge")
                    start -= missing
                else:
                    start = following
            known = max((following or 0) - start, 0)
            if known < samples.shape[1]:
                yield Stretch(start + known, rate, samples[:, known:])
                following = start + samples.shape[1]

    def _cut(self, stretches: Iterator[Stretch]) -> Iterator[Stretch]:
        """What lies in the range."""
        for stretch in stretches:
            end = None if self._last_s is None else math.ceil(self._last_s * stretch.rate)
            if end is not None and stretch.start >= end:
                return
            before = max(self._first_s * stretch.rate - stretch.start, 0)
            until = None if end is None else end - stretch.start
            samples = stretch.samples[:, before:until]
            if samples.shape[1]:
                yield Stretch(stretch.start + before, stretch.rate, samples)


def _choose(container: InputContainer) -> tuple[AudioStream | None, str]:
    """The stream to be read, and which it is or why there is none."""
    streams = container.streams.audio
    usable = [
        stream
        for stream in streams
        # PyAV has no context where FFmpeg has no decoder, whatever the types say.
        if stream.codec_context is not None and stream.rate >= _LOWEST_HZ and stream.channels
    ]
    if not streams:
        return None, "none"
    if not usable:
        return None, "none that FFmpeg can decode"
    marked = [stream for stream in usable if stream.disposition & Disposition.default]
    chosen = (marked or usable)[0]
    name = chosen.codec_context.codec.canonical_name
    text = f"{name}, {chosen.rate} Hz, {chosen.channels} channel{'s' * (chosen.channels > 1)}"
    if len(streams) > 1:
        text += f", stream {streams.index(chosen) + 1} of {len(streams)}"
    return chosen, text


def _time(file: VideoFile, packet: Packet[Any]) -> Fraction | float:
    """Of a packet on the file's clock; infinite where it is not told."""
    pts = packet.dts if packet.pts is None else packet.pts
    if pts is None or packet.time_base is None:
        return math.inf
    return pts * packet.time_base - file.origin


def _readable(frame: AudioFrame) -> bool:
    planes = frame.layout.nb_channels if frame.format.is_planar else 1
    return frame.format.name in format_dtypes and planes <= _MAX_PLANES


def _samples(frame: AudioFrame) -> NDArray[np.float32]:
    """The samples of a readable frame, (channels, N), full scale is 1."""
    kind = np.dtype(format_dtypes[frame.format.name])
    channels = frame.layout.nb_channels
    values: NDArray[Any]
    if frame.format.is_planar:
        planes = frame.planes[:channels]
        values = np.stack(
            [np.frombuffer(memoryview(plane), kind, frame.samples) for plane in planes]
        )
    else:
        packed = np.frombuffer(memoryview(frame.planes[0]), kind, frame.samples * channels)
        values = packed.reshape(-1, channels).T
    samples: NDArray[np.float32] = values.astype(np.float32)
    if values.dtype == np.uint8:
        samples = samples / np.float32(128) - np.float32(1)
    elif values.dtype.kind == "i":
        samples /= np.float32(1 << 8 * values.itemsize - 1)
    else:
        samples = samples.clip(-_MAX_VALUE, _MAX_VALUE)
        samples[np.isnan(samples)] = 0
    return samples
