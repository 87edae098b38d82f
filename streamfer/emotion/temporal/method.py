"""What every temporal method offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.windows import Windows
from streamfer.weights.description import Described


class TemporalMethod(Described, Protocol):
    """Turns windows into probabilities."""

    @property
    def backbone_sha256(self) -> str | None:
        """That of the only backbone whose embeddings it understands; None: it takes any."""

    @property
    def context_s(self) -> float:
        """How far it looks beyond the window on either side, in seconds."""

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1, of windows with just this context.

        W may be 0.
        """
