"""Temporal methods: what a window of faces says, when a single face is not enough."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.cnn_s import CnnS
from streamfer.emotion.windows import Windows
from streamfer.errors import UsageError


class TemporalMethod(Protocol):
    """Turns windows into probabilities."""

    @property
    def name(self) -> str:
        """What the settings call it."""

    @property
    def sha256(self) -> str | None:
        """That of its weights, None where it has none."""

    @property
    def runtime(self) -> str:
        """The library that computes it, and where it matters device and precision."""

    @property
    def context_s(self) -> float:
        """How far it looks beyond the window on either side, in seconds."""

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1."""


def load_temporal(name: str) -> TemporalMethod:
    """A temporal method by name.

    Raises:
        UsageError: There is none of that name.
    """
    if name != CnnS.name:
        raise UsageError(f"There is no temporal method {name!r}; there is: {CnnS.name}.")
    return CnnS()
