"""CNN-S: the frames' probabilities, smoothed over the window (Ryumina et al. 2022, eq. 1).

The paper calls its weights a Hamming window, but the formula is a Hann window, and read
literally it gives the centre no weight. Meant is 0.5 + 0.5 · cos(2πn / (l − 1)) for
n = −(l − 1)/2 … (l − 1)/2, whose centre is 1. Its two ends are 0: a face seen only at an edge
of the window would weigh nothing and give 0/0. So the two zeros are put outside the window:
T samples are weighted by the inner T of a Hann window of T + 2. The weights are renormalised
over the samples in which the face is present.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.windows import Windows


@dataclass(frozen=True)
class CnnS:
    """A weighted mean of the probabilities, heaviest in the middle of the window."""

    name: ClassVar[str] = "cnn-s"
    sha256: ClassVar[None] = None
    backbone_sha256: ClassVar[None] = None
    runtime: ClassVar[str] = "numpy"
    context_s: ClassVar[float] = 0.0

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1."""
        weights = windows.present * hann(windows.present.shape[1])
        mean = np.einsum("wt,wtc->wc", weights, windows.probabilities)
        probabilities: NDArray[np.float64] = mean / mean.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)


def hann(samples: int) -> NDArray[np.float64]:
    """A Hann window of `samples` weights without its zero ends: every weight above 0."""
    return np.hanning(samples + 2)[1:-1]
