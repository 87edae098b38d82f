"""The plain way to the same result: decode everything, keep everything, then choose."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def decode_everything(path: Path) -> list[tuple[Fraction, np.ndarray]]:
    """Each frame's time and upright picture, in order of presentation."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        starts = [s.start_time * s.time_base for s in container.streams if s.start_time is not None]
        assert abs(min(starts) - Fraction(container.start_time, 10**6)) < Fraction(1, 10**6)
        aspect = stream.sample_aspect_ratio or 1
        return [
            (
                frame.pts * stream.time_base - min(starts),
                np.rot90(
                    frame.to_ndarray(format="rgb24", width=round(frame.width * aspect)),
                    frame.rotation // 90,
                ),
            )
            for frame in container.decode(stream)
        ]


def choose(times: list[Fraction], fps: int) -> dict[int, int]:
    """For each tick that is served, the index of its frame, straight from the definition."""
    chosen = {}
    last = int(max(times, default=Fraction(0)) * fps) + 2
    for tick in range(last):
        own = [
            index
            for index, time in enumerate(times)
            # Its nearest tick, the earlier of two.
            if min(range(last + 1), key=lambda k: (abs(time - Fraction(k, fps)), k)) == tick
            and abs(time - Fraction(tick, fps)) <= Fraction(1, 2 * fps)
        ]
        if own:
            chosen[tick] = min(own, key=lambda i: (abs(times[i] - Fraction(tick, fps)), times[i]))
    return chosen
