"""Videos made for the tests, whose pictures carry their own number."""

import re
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

BITS = 10
WIDTH, HEIGHT = 160, 120

# Groups of 30 pictures with pictures that no other refers to.
GROUPS = {"g": "30", "bf": "3"}
OPEN_GROUPS = {"g": "30", "x264-params": "open-gop=1:bframes=5:b-adapt=0:b-pyramid=normal"}


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture whose upper half shows `number` in black and white bars, most significant left."""
    picture = np.full((height, width, 3), 96, np.uint8)
    for bit in range(BITS):
        bar = slice(bit * width // BITS, (bit + 1) * width // BITS)
        picture[: height // 2, bar] = 255 * (number >> (BITS - 1 - bit) & 1)
    # Something that moves, so that pictures refer to each other.
    left = number * 3 % (width - 20)
    picture[height * 2 // 3 : height - 10, left : left + 20] = (200, 40, 40)
    return picture


def number_of(picture: np.ndarray) -> int:
    """The number that a picture carries."""
    height, width = picture.shape[:2]
    bars = [picture[height // 4, (2 * bit + 1) * width // (2 * BITS)].mean() for bit in range(BITS)]
    return int("".join("1" if bar > 127 else "0" for bar in bars), 2)


def make_video(
    path: Path,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    *,
    times: Sequence[int] = range(200),
    time_base: Fraction = Fraction(1, 25),
    size: tuple[int, int] = (WIDTH, HEIGHT),
    pix_fmt: str = "yuv420p",
    container_options: dict[str, str] | None = None,
    adjust: Callable[[VideoStream], None] | None = None,
    sound_from: float | None = None,
) -> Path:
    """Picture n is shown at times[n] x time_base seconds; sound begins at `sound_from` s."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=1 / time_base, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = time_base
        if adjust:
            adjust(stream)
        if sound_from is not None:
            add_sound(container, sound_from, times[-1] * float(time_base))
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(numbered(number, *size), format="rgb24")
            frame.pts, frame.time_base = time, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def add_sound(container: av.container.OutputContainer, start: float, end: float) -> None:
    """Silence from `start` to `end` seconds."""
    stream = container.add_stream("aac", rate=8000)
    for pts in range(round(start * 8000), round(end * 8000), 1024):
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts = 8000, pts
        container.mux(stream.encode(silence))
    container.mux(stream.encode(None))


def an_hour_late(source: Path, path: Path) -> Path:
    """A copy in which the packets of the pictures are shown an hour later; without sound."""
    with av.open(str(source)) as original, av.open(str(path), "w") as target:
        stream = original.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in original.demux(stream):
            if packet.dts is None:
                continue
            packet.pts += int(3600 / packet.time_base)
            packet.dts += int(3600 / packet.time_base)
            packet.stream = copy
            target.mux(packet)
    return path


def claim_length(path: Path, seconds: float) -> None:
    """Let the header of an MP4 or Matroska file speak of another length, and change no more."""
    data = path.read_bytes()
    if path.suffix == ".mp4":
        # A movie's and a track's media: version and flags, two dates, the unit, the length.
        for kind in (b"mvhd", b"mdhd"):
            unit = data.index(kind) + 4 + 4 + 8
            (a_second,) = struct.unpack_from(">I", data, unit)
            length = struct.pack(">I", int(seconds * a_second))
            data = data[: unit + 4] + length + data[unit + 8 :]
    else:
        element = b"\x44\x89\x88"  # Duration, as eight bytes: milliseconds
        place = data.index(element) + len(element)
        data = data[:place] + struct.pack(">d", 1000 * seconds) + data[place + 8 :]
        minutes, rest = divmod(seconds, 60)
        clock = f"{int(minutes // 60):02}:{int(minutes % 60):02}:{rest:012.9f}".encode()
        data = re.sub(rb"\d+:\d\d:\d\d\.\d{9}", lambda old: clock.zfill(len(old[0])), data)
    path.write_bytes(data)
