"""CNN-W: the normalised sum of the frames' probabilities (Ryumina et al. 2022, section 3.3).

The simplest method: every sample of the window counts alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.windows import Windows


@dataclass(frozen=True)
class CnnW:
    """The plain mean of the probabilities."""

    name: ClassVar[str] = "cnn-w"
    sha256: ClassVar[None] = None
    backbone_sha256: ClassVar[None] = None
    runtime: ClassVar[str] = "numpy"
    context_s: ClassVar[float] = 0.0

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1."""
        return normalised_sum(windows, np.ones(windows.usable.shape[1]))


def normalised_sum(windows: Windows, weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """The sum (W, 7) of the usable samples' probabilities by `weights` (T,), scaled to sum to 1."""
    total = np.einsum("t,wtc->wc", weights, windows.probabilities)
    probabilities: NDArray[np.float64] = total / total.sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32)
