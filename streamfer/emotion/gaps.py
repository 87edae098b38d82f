"""What stands in for a face where it is not seen.

The choice is a policy of the settings. "mask": nothing does, and the sample weighs nothing.
"hold": a short gap between two sightings keeps the face seen last. "repeat": what the paper's
authors released; every sample repeats the face seen last, and those before the first sighting
repeat the first. None looks beyond the samples it is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Gaps


def stand_ins(present: NDArray[np.bool_], gaps: Gaps, hold_ticks: int) -> NDArray[np.int64]:
    """For each sample (W, T), the column of the one that stands there; -1: none does.

    A sample in which the face is `present` stands for itself. "hold" fills gaps of at most
    `hold_ticks` samples, and never a part of a longer one.
    """
    samples = present.shape[1]
    columns = np.broadcast_to(np.arange(samples), present.shape)
    last = np.maximum.accumulate(np.where(present, columns, -1), axis=1)
    if gaps == "mask":
        return np.where(present, columns, -1)
    ahead = np.where(present, columns, samples)[:, ::-1]
    following = np.minimum.accumulate(ahead, axis=1)[:, ::-1]
    if gaps == "hold":
        inside = (last >= 0) & (following < samples)
        return np.where(inside & (following - last <= hold_ticks + 1), last, -1)
    first = np.where(following < samples, following, -1)
    return np.where(last >= 0, last, first)
