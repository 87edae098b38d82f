"""CNN-S: the frames' probabilities, smoothed (Ryumina et al. 2022, section 3.3, eq. 1).

The paper calls its weights a Hamming window, but the formula is a Hann window, and read
literally it gives the centre no weight. Meant is 0.5 + 0.5 · cos(2πn / (l − 1)) for
n = −(l − 1)/2 … (l − 1)/2, whose centre is 1. Its two ends are 0: a face seen only at an edge
would weigh nothing and give 0/0. So the two zeros are put outside: l samples are weighted by
the inner l of a Hann window of l + 2.

The paper moves this over the video frame by frame and averages what comes out. For a window
of T samples that is the mean of T smoothed samples, and so a sum in which each sample weighs
what it adds to all of them. It is normalised once, over the samples that are usable: where a
face is hidden for long, nothing is made of the few samples that the smoothing still reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis, Shape
from streamfer.emotion.temporal.cnn_w import normalised_sum
from streamfer.emotion.windows import Windows


@dataclass(frozen=True)
class CnnS:
    """A weighted mean of the probabilities, heaviest in the middle of the window.

    With a `length` (odd) every sample of the window is smoothed with the `length` samples
    around it, as far as the windows' context reaches, and their mean taken. Without one the
    window itself is the smoothing: its samples are weighted once.
    """

    name: ClassVar[str] = "cnn-s"
    sha256: ClassVar[None] = None
    backbone_sha256: ClassVar[None] = None
    runtime: ClassVar[str] = "numpy"

    length: int | None = None
    shape: Shape = "hann"
    context_s: float = 0.0

    @classmethod
    def of(cls, analysis: Analysis) -> CnnS:
        """As the settings `smoothing`, `smoothing_shape` and `smoothing_edge` say."""
        length = analysis.smoothing_ticks
        beyond = length // 2 if length and analysis.smoothing_edge == "track" else 0
        return cls(length, analysis.smoothing_shape, beyond / analysis.fps)

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1."""
        samples = windows.usable.shape[1]
        if self.length is None:
            return normalised_sum(windows, taper(self.shape, samples))
        window_ticks = samples - 2 * windows.context_ticks
        weights = np.convolve(np.ones(window_ticks), taper(self.shape, self.length))
        out_of_reach = (len(weights) - samples) // 2
        return normalised_sum(windows, weights[out_of_reach : out_of_reach + samples])


def taper(shape: Shape, samples: int) -> NDArray[np.float64]:
    """Weights (samples,) above 0, symmetric: Hann without its zero ends, or Hamming."""
    return np.hanning(samples + 2)[1:-1] if shape == "hann" else np.hamming(samples)
