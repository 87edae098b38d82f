"""What is counted: a clip once; of a clip of pictures, each of its sampled pictures.

The paper counts videos, and for AffWild2 pictures, since there every picture is rated (section
4.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Windows
from trainers.corpora.samples import Clip, Pictures
from trainers.predictions import Predictions
from trainers.temporal.paper.sequences import Sequences


@dataclass(frozen=True)
class Units:
    """U units of some clips.

    of_face (n,): the unit of each face of the sequences; -1 if it is of none. clip (U,): number of
    the clip. names (U,): unique in the corpus.
    """

    of_face: NDArray[np.int64]
    clip: NDArray[np.int64]
    names: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.clip)


def units_of(sequences: Sequences, chosen: Iterable[int]) -> Units:
    """The units of the clips with these numbers."""
    of_face = np.full(len(sequences.own), -1)
    starts = np.searchsorted(sequences.faces.track, np.arange(len(sequences.clips) + 1))
    clips: list[int] = []
    names: list[str] = []
    for number in chosen:
        clip = sequences.clips[number]
        rows = np.arange(starts[number], starts[number + 1])
        rows = rows[sequences.own[rows]]
        if isinstance(clip.span, Pictures):
            of_face[rows] = len(clips) + np.arange(len(rows))
            clips += [number] * len(rows)
            names += [f"{clip.name} tick {tick}" for tick in sequences.faces.tick[rows]]
        else:
            of_face[rows] = len(clips)
            clips.append(number)
            names.append(clip.name)
    return Units(of_face, np.array(clips, np.int64), np.array(names, str))


def mean_over_windows(
    said: NDArray[np.floating], windows: Windows, units: Units
) -> NDArray[np.float32]:
    """For each unit the mean (U, 7) of what was `said` (W, 7) of the windows that show it.

    Every face of a unit must be in a window.
    """
    there = windows.present[:, windows.proper]
    unit = np.where(there, units.of_face[windows.index[:, windows.proper]], -1)
    window = np.broadcast_to(np.arange(len(windows))[:, None], unit.shape)
    pairs = np.unique(np.stack([window[unit >= 0], unit[unit >= 0]], axis=1), axis=0)
    sums = np.zeros((len(units), len(EMOTIONS)))
    np.add.at(sums, pairs[:, 1], said[pairs[:, 0]])
    counts = np.bincount(pairs[:, 1], minlength=len(units))
    mean: NDArray[np.float64] = sums / counts[:, None]
    return mean.astype(np.float32)


def predictions_of(
    sequences: Sequences, units: Units, said: NDArray[np.float32], fold: str
) -> Predictions:
    """What was `said` (U, 7) of units, by a model that was kept from `fold`."""
    clips: list[Clip] = [sequences.clips[number] for number in units.clip]
    return Predictions(
        corpus=np.array([clip.corpus for clip in clips], str),
        sample=units.names,
        participant=np.array([clip.participant for clip in clips], str),
        fold=np.full(len(units), fold),
        labels=np.array([clip.label for clip in clips], np.int64),
        probabilities=said,
    )
