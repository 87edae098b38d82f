"""Videos with sound, made for the tests; the sound can carry the numbers of its samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

from tests.media.making import numbered

FRAME = 1024
PICTURES_A_SECOND = 10


@dataclass(frozen=True)
class Track:
    """Sound (channels, N), in frames of `frame` samples at their own `times` (s) or in a row."""

    samples: np.ndarray
    rate: int = 48_000
    codec: str = "flac"
    frame: int = FRAME
    start_s: float = 0.0
    times: Sequence[float] | None = None
    default: bool = False


def make(path: Path, *tracks: Track, picture_s: float = 4.0, start_s: float = 0.0) -> Path:
    """A video of small pictures from `start_s` on, and of tracks, all shifted by `start_s`."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=PICTURES_A_SECOND, options={"g": "10"})
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        # All streams stand before the first packet is written.
        sounds = [_add(container, track) for track in tracks]
        packets = []
        for number in range(round(picture_s * PICTURES_A_SECOND)):
            frame = av.VideoFrame.from_ndarray(numbered(number, 64, 64), format="rgb24")
            frame.pts = number + round(start_s * PICTURES_A_SECOND)
            packets += picture.encode(frame)
        packets += picture.encode(None)
        for stream, track in zip(sounds, tracks, strict=True):
            for frame in _frames(stream, track, start_s):
                packets += stream.encode(frame)
            packets += stream.encode(None)
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        for packet in packets:
            container.mux(packet)
    return path


def add_sound(video: Path, path: Path, track: Track) -> Path:
    """The picture of `video`, which begins at 0 s, with sound beside it."""
    with av.open(str(video)) as source, av.open(str(path), "w") as container:
        picture = container.add_stream_from_template(source.streams.video[0])
        sound = _add(container, track)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                container.mux(packet)
        for frame in _frames(sound, track, 0.0):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def _add(container, track: Track):
    channels = len(track.samples)
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1", 16: "hexadecagonal"}[channels]
    # Without noise that the decoder would have to draw.
    options = {"aac_pns": "0"} if track.codec == "aac" else {}
    stream = container.add_stream(track.codec, rate=track.rate, layout=layout, options=options)
    stream.disposition = Disposition.default if track.default else Disposition(0)
    return stream


def _frames(stream, track: Track, start_s: float):
    format_, layout = stream.codec_context.format, stream.codec_context.layout
    # Encoders of fixed frames get them as they want them.
    size = stream.codec_context.frame_size or track.frame
    for n, begin in enumerate(range(0, track.samples.shape[1], size)):
        samples = track.samples[:, begin : begin + size]
        time = begin / track.rate if track.times is None else track.times[n]
        yield sound_frame(samples, format_, layout, track.rate, time + track.start_s + start_s)


def sound_frame(samples, format_, layout, rate, time_s):
    """A frame in any sample format; full scale is 1."""
    kind = format_.name.removesuffix("p")
    scale = {"u8": 128, "s16": 1 << 15, "s32": 1 << 31, "s64": 1 << 63}.get(kind, 1)
    values = samples * scale + 128 * (kind == "u8")
    dtype = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}[kind]
    values = values.astype(dtype)
    frame = av.AudioFrame(format_.name, layout.name, samples.shape[1])
    contents = values if format_.is_planar else [values.T]
    # PyAV sees more planes than there are where they are many.
    for plane, content in zip(frame.planes[: len(contents)], contents, strict=True):
        plane.update(content.tobytes())
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = round(time_s * rate)
    return frame


def sample_numbers(count: int) -> np.ndarray:
    """Sound (1, N) whose samples carry their own number, exactly in 24 bits and more."""
    return np.arange(count)[None] / (1 << 23)


def numbers_of(samples: np.ndarray) -> np.ndarray:
    """The numbers that samples carry."""
    return np.rint(samples[0].astype(np.float64) * (1 << 23)).astype(int)


def sine(seconds: float, rate: int, frequency: float, amplitude: float = 0.5) -> np.ndarray:
    """Sound (1, N)."""
    times = np.arange(round(seconds * rate)) / rate
    return amplitude * np.sin(2 * np.pi * frequency * times)[None]
