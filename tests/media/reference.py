"""The plain way to the same result: decode everything, keep everything, then choose."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def decode_everything(path: Path) -> tuple[list[Fraction], list[np.ndarray]]:
    """The frames' times on the file's clock, and their upright pictures."""
    times, pictures = [], []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        start = min(
            s.start_time * s.time_base for s in container.streams if s.start_time is not None
        )
        aspect = stream.sample_aspect_ratio or 1
        for frame in container.decode(stream):
            rgb = frame.to_ndarray(format="rgb24", width=round(frame.width * aspect))
            times.append(frame.pts * stream.time_base - start)
            pictures.append(np.rot90(rgb, frame.rotation // 90))
    return times, pictures


def choose(times: list[Fraction], fps: int) -> dict[int, int]:
    """For each tick that is served, the index of its frame: the definition, word for word."""
    ticks = range(-1, int(max(times, default=Fraction(0)) * fps) + 2)
    distance = {(k, i): abs(t - Fraction(k, fps)) for k in ticks for i, t in enumerate(times)}
    nearest_tick = {i: min(ticks, key=lambda k: (distance[k, i], k)) for i in range(len(times))}
    chosen = {}
    for tick in range(ticks.stop):
        own = [
            i
            for i in range(len(times))
            if nearest_tick[i] == tick and distance[tick, i] <= Fraction(1, 2 * fps)
        ]
        if own:
            chosen[tick] = min(own, key=lambda i: (distance[tick, i], times[i]))
    return chosen
