"""Windows of faces, and what should be said of each: the CNN-S of the same faces, unspoilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.windows import (
    Observations,
    Windows,
    gather,
    windows_starting_in,
)
from trainers.temporal.readings import AS_IT_IS, Readings
from trainers.temporal.sequences import NO_LABEL

MOST_SPOILT = 6  # samples of a window; where nearly all are, nobody could tell


@dataclass(frozen=True)
class Examples:
    """W windows on the grid of a run; a copy of a sequence is a track.

    person and clip (W,): as in `FaceSequence`. kind (W,): how the copy is spoilt, an index into
    `KINDS`, or `AS_IT_IS`; spoilt (W,): in how many samples it is, here. target (W, 7): what
    should be said; wider (W, 7): the same of thrice as many ticks around it. label (W,): what a
    person said of all its faces, or `NO_LABEL`.
    """

    windows: Windows
    person: NDArray[np.str_]
    clip: NDArray[np.str_]
    kind: NDArray[np.int64]
    spoilt: NDArray[np.int64]
    target: NDArray[np.float32]
    wider: NDArray[np.float32]
    label: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.windows)

    def where(self, chosen: NDArray[np.bool_]) -> Examples:
        """The windows for which `chosen` (W,) is true."""
        return Examples(
            self.windows.where(chosen),
            self.person[chosen],
            self.clip[chosen],
            self.kind[chosen],
            self.spoilt[chosen],
            self.target[chosen],
            self.wider[chosen],
            self.label[chosen],
        )

    def tensors(self, chosen: NDArray[np.int64]) -> list[Tensor]:
        """What a network reads of the `chosen` windows: embeddings (W, T, 512), present (W, T).

        Float32; embeddings are 0 where present is. If there is sound: sound (W, 128), heard (W,).
        """
        windows = self.windows
        usable = windows.usable[chosen]
        rows = np.where(usable, windows.index[chosen], 0)
        read = [windows.observations.embeddings[rows] * usable[..., None], usable]
        if windows.sound is not None:
            read += [windows.sound.mel[chosen], windows.sound.heard[chosen]]
        return [torch.from_numpy(values).float() for values in read]

    @property
    def filmed(self) -> NDArray[np.bool_]:
        """Which windows are of clips: (W,)."""
        filmed: NDArray[np.bool_] = self.clip != ""
        return filmed

    @property
    def clean(self) -> NDArray[np.bool_]:
        """Which windows are of sequences as they are: (W,)."""
        clean: NDArray[np.bool_] = self.kind == AS_IT_IS
        return clean

    @property
    def corrupted(self) -> NDArray[np.bool_]:
        """In which windows some faces, but not nearly all, are spoilt: (W,)."""
        return (self.spoilt > 0) & (self.spoilt <= MOST_SPOILT)


def lay_out(readings: Readings, analysis: Analysis) -> Examples:
    """All windows of all copies in which a face is seen."""
    copies = readings.kinds.shape[1]
    track = readings.sequence * copies + readings.copy
    seen = readings.seen
    observations = Observations(
        track[seen].astype(np.int32),
        readings.tick[seen].astype(np.int32),
        readings.embeddings[seen],
        readings.probabilities[seen],
    )
    ticks, stride = analysis.window_ticks, analysis.stride_ticks
    windows, with_context = (
        gather(
            observations,
            windows_starting_in(0, int(readings.tick.max()) + 1, stride),
            window_ticks=ticks,
            stride_ticks=stride,
            context_ticks=context,
        )
        for context in (0, ticks)
    )
    sequence, copy = np.divmod(windows.track.astype(np.int64), copies)

    # One number for each sequence and window: every window of a copy is one of the original.
    keys = sequence * (windows.window.max() + 1) + windows.window
    original = np.flatnonzero(copy == 0)
    source = original[np.searchsorted(keys[original], keys)]

    longest = int(readings.tick.max()) + ticks
    spoilt_keys = (track * longest + readings.tick)[readings.spoilt]
    own_ticks = windows.window[:, None] * stride + np.arange(ticks)
    own_keys = windows.track[:, None].astype(np.int64) * longest + own_ticks
    return Examples(
        windows=windows,
        person=readings.persons[sequence],
        clip=readings.clips[sequence],
        kind=readings.kinds[sequence, copy],
        spoilt=np.isin(own_keys, spoilt_keys).sum(1),
        target=CnnS().recognise(windows)[source],
        wider=CnnS().recognise(with_context)[source],
        label=_common(readings.label[seen][windows.index], windows.present)[source],
    )


def _common(labels: NDArray[np.int64], present: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The label of all faces of each window (W, T), or `NO_LABEL` where they differ."""
    lowest = np.where(present, labels, np.iinfo(np.int64).max).min(1)
    highest = np.where(present, labels, np.iinfo(np.int64).min).max(1)
    return np.where(lowest == highest, lowest, NO_LABEL)
