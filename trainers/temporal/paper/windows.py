"""The windows of clips, on the grid of `streamfer run`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Windows, gather, windows_starting_in
from trainers.temporal.paper.sequences import Sequences
from trainers.temporal.paper.settings import MOSTLY


@dataclass(frozen=True)
class LabelledWindows:
    """W windows of clips and what each shows: labels (W,), indices into `EMOTIONS`.

    A window's `track` is the number of its clip. own (W,): the share of its faces that lie in the
    clip's span, above 0.
    """

    windows: Windows
    labels: NDArray[np.int64]
    own: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.windows)

    def where(self, chosen: NDArray[np.bool_ | np.integer]) -> LabelledWindows:
        """Those for which `chosen` (W,) is true, or whose numbers it has."""
        return LabelledWindows(self.windows.where(chosen), self.labels[chosen], self.own[chosen])

    def of(self, clips: Collection[int]) -> LabelledWindows:
        """Those of the clips with these numbers."""
        return self.where(np.isin(self.windows.track, list(clips)))

    @property
    def teachable(self) -> LabelledWindows:
        """Those at least half of whose faces show the label: the others show another one more."""
        return self.where(self.own >= MOSTLY)

    @property
    def target(self) -> NDArray[np.float32]:
        """The labels as probabilities (W, 7)."""
        return np.eye(len(EMOTIONS), dtype=np.float32)[self.labels]

    def tensors(self, chosen: NDArray[np.int64]) -> list[Tensor]:
        """What a network reads of the `chosen` windows, float32.

        Embeddings (n, T, 512), which are 0 where `present` (n, T) is.
        """
        windows = self.windows.where(chosen)
        return [torch.from_numpy(windows.embeddings), torch.from_numpy(windows.usable).float()]


def lay_out(sequences: Sequences, analysis: Analysis) -> LabelledWindows:
    """All windows in which a clip's own face is seen; gaps are filled as `analysis` says."""
    windows = gather(
        sequences.faces,
        windows_starting_in(0, int(sequences.faces.tick.max()) + 1, analysis.stride_ticks),
        window_ticks=analysis.window_ticks,
        stride_ticks=analysis.stride_ticks,
        gaps=analysis.gaps,
        hold_ticks=analysis.hold_ticks,
    )
    own = windows.mean(sequences.own.astype(np.float64))
    laid = LabelledWindows(windows, sequences.labels[windows.track], own)
    return laid.where(own > 0)
