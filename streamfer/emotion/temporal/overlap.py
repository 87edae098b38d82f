"""The averaging of overlapping windows that the paper's authors released.

Their code reads a video in windows of T samples, one every S, and a sample's prediction is the
mean of those of the windows that hold it. Here a row is the mean of that over the window's
samples in which the face is seen: 1/4, 1/2 and 1/4 of the windows before, at and after it for
T = 10 and S = 5, and less where a neighbour does not see the face. This goes around any method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.method import TemporalMethod
from streamfer.emotion.windows import Windows


@dataclass(frozen=True)
class Averaged:
    """A method's predictions, averaged over the windows that overlap."""

    method: TemporalMethod
    analysis: Analysis

    @property
    def name(self) -> str:
        """The method's."""
        return self.method.name

    @property
    def sha256(self) -> str | None:
        """The method's."""
        return self.method.sha256

    @property
    def runtime(self) -> str:
        """The method's."""
        return self.method.runtime

    @property
    def backbone_sha256(self) -> str | None:
        """The method's."""
        return self.method.backbone_sha256

    @property
    def context_s(self) -> float:
        """As far as the farthest window that overlaps begins or ends, and the method's own."""
        return self._reach * self.analysis.stride_s + self.method.context_s

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1. The method is not told of any sound."""
        steps = range(-self._reach, self._reach + 1)
        seen = np.zeros((len(steps), len(windows)), bool)
        predicted = np.zeros((len(steps), len(windows), len(EMOTIONS)))
        for number, step in enumerate(steps):
            seen[number], beside = self._beside(windows, step)
            predicted[number, seen[number]] = self.method.recognise(beside)

        ticks = np.arange(self.analysis.window_ticks)
        begun = ticks - np.array(steps)[:, None] * self.analysis.stride_ticks
        holds = (begun >= 0) & (begun < self.analysis.window_ticks)
        # Each sample with the face is shared out among the windows that hold it and see the face.
        share = windows.present[:, windows.proper] / (seen.T @ holds.astype(float))
        weights = seen * (holds @ share.T) / windows.faces
        mean: NDArray[np.float64] = np.einsum("sw,swc->wc", weights, predicted)
        return mean.astype(np.float32)

    @property
    def _reach(self) -> int:
        """How many windows after a window still overlap it."""
        return -(-self.analysis.window_ticks // self.analysis.stride_ticks) - 1

    def _beside(self, windows: Windows, step: int) -> tuple[NDArray[np.bool_], Windows]:
        """Which of `windows` have one that sees the face `step` windows later, and those.

        As in the authors' code none begins before the video. A gap at a window's edge is filled
        as this window's samples alone have it.
        """
        context = round(self.method.context_s * self.analysis.fps)
        first = (self._reach + step) * self.analysis.stride_ticks
        samples = slice(first, first + self.analysis.window_ticks + 2 * context)
        present = windows.present[:, samples]
        inside = present[:, context : context + self.analysis.window_ticks]
        there = inside.any(axis=1) & (windows.window + step >= 0)
        beside = windows.where(there)
        beside = replace(
            beside,
            window=beside.window + step,
            index=beside.index[:, samples],
            present=beside.present[:, samples],
            context_ticks=context,
            sound=None,
        )
        return there, beside.filled(self.analysis.gaps, self.analysis.hold_ticks)
