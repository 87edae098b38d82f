"""Writing a recording as a video file, in the container and the codec of its corpus."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfer.media.picture import Picture

SOUND_RATE = 16000
_OPTIONS = {  # no pictures out of order: AVI and FLV of that time have none
    "libx264": {"preset": "ultrafast", "crf": "20", "bf": "0", "threads": "1"},
    "mpeg4": {"qmin": "3", "qmax": "6", "threads": "1"},
    "flv": {"qmin": "3", "qmax": "6", "threads": "1"},
}


def write_video(
    path: Path, pictures: Iterable[Picture], size: tuple[int, int], rate: Fraction, codec: str
) -> None:
    """Encode pictures, uint8 (H, W, 3) RGB, `rate` a second; size: W and H, which are even."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path.absolute()), mode="w") as container:
        added = container.add_stream(codec, rate=rate, options=_OPTIONS[codec])
        stream = cast("VideoStream", added)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def add_sound(silent: Path, path: Path, seed: int) -> None:
    """Copy the pictures of `silent` into another file, which has a murmur of sound besides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(silent.absolute())) as source, av.open(str(path.absolute()), "w") as target:
        pictures = source.streams.video[0]
        copied = target.add_stream_from_template(pictures)
        sound = target.add_stream("aac", rate=SOUND_RATE, layout="mono")
        duration = float((pictures.duration or 0) * (pictures.time_base or 0))
        for packet in source.demux(pictures):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
        murmur = np.random.default_rng(seed).normal(0, 300, round(duration * SOUND_RATE))
        frame = AudioFrame.from_ndarray(murmur.astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, 0, Fraction(1, SOUND_RATE)
        target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
