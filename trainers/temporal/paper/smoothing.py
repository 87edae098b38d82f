"""CNN-W and CNN-S, which learn nothing: sums of what the backbone says of single frames.

CNN-W is the normalised sum over a clip; CNN-S moves a tapered window over the clip, frame by
frame, and averages what comes out (section 3.2.1, equation 1). Sums are normalised once, over the
frames in which the face is seen, as in `streamfer.emotion.temporal.cnn_s`. A single picture is
smoothed by what surrounds it: by CNN-S with its window, by CNN-W with a flat one of the length of
the other methods' windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_s import taper
from trainers import metrics
from trainers.corpora.samples import Pictures
from trainers.temporal.paper.sequences import Sequences
from trainers.temporal.paper.settings import LENGTHS, Edge, Temporal
from trainers.temporal.paper.units import Units, units_of

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Lengths:
    """CNN-S by the length of its window: corpora (C,), lengths in frames (L,), uar (C, L)."""

    corpora: tuple[str, ...]
    lengths: tuple[int, ...]
    uar: FloatArray

    @property
    def best(self) -> int:
        """The length with the highest mean UAR, the shortest of equals."""
        return self.lengths[int(self.uar.mean(0).argmax())]


def cnn_w(sequences: Sequences, units: Units, settings: Temporal) -> NDArray[np.float32]:
    """Probabilities (U, 7) of the units by CNN-W."""
    window = settings.analysis(sequences.fps).window_ticks
    return _smoothed(sequences, units, np.ones, of_clip=1, of_picture=window | 1, edge="inside")


def cnn_s(sequences: Sequences, units: Units, settings: Temporal) -> NDArray[np.float32]:
    """Probabilities (U, 7) of the units by CNN-S."""
    return _cnn_s(sequences, units, settings, settings.smoothing_ticks(sequences.fps))


def choose_length(corpora: Sequence[Sequences], settings: Temporal) -> Lengths:
    """Try all of `LENGTHS` on whole corpora, as the paper does (section 4.3)."""
    uar = np.empty((len(corpora), len(LENGTHS)))
    for row, corpus in enumerate(corpora):
        units = units_of(corpus, range(len(corpus.clips)))
        labels = corpus.labels[units.clip]
        for column, length in enumerate(LENGTHS):
            said = _cnn_s(corpus, units, settings, length)
            uar[row, column] = metrics.scores(labels, said)["uar"]
    return Lengths(tuple(corpus.clips[0].corpus for corpus in corpora), tuple(LENGTHS), uar)


def _cnn_s(
    sequences: Sequences, units: Units, settings: Temporal, length: int
) -> NDArray[np.float32]:
    return _smoothed(
        sequences,
        units,
        partial(taper, settings.smoothing_shape),
        of_clip=length,
        of_picture=length,
        edge=settings.smoothing_edge,
    )


def _smoothed(
    sequences: Sequences,
    units: Units,
    weights: Callable[[int], FloatArray],
    *,
    of_clip: int,
    of_picture: int,
    edge: Edge,
) -> NDArray[np.float32]:
    """Move `weights` of these odd lengths over each clip; probabilities (U, 7)."""
    said = np.empty((len(units), len(EMOTIONS)))
    starts = np.searchsorted(sequences.faces.track, np.arange(len(sequences.clips) + 1))
    for clip in np.unique(units.clip):
        rows = slice(starts[clip], starts[clip + 1])
        own = sequences.own[rows]
        place = sequences.faces.tick[rows] - sequences.faces.tick[rows][0]
        frames = np.zeros((place[-1] + 1, len(EMOTIONS)))
        frames[place] = sequences.faces.probabilities[rows]
        unit = units.of_face[rows][own]
        if isinstance(sequences.clips[clip].span, Pictures):
            said[unit] = _moved(weights(of_picture), frames)[place[own]]
            continue
        length, positions = of_clip, slice(None)
        if edge == "inside":
            # The longest odd length that the clip has room for.
            length = min(of_clip, len(frames) - 1 | 1)
            positions = slice(length // 2, len(frames) - length // 2)
        said[unit[0]] = _moved(weights(length), frames)[positions].sum(0)
    probabilities: FloatArray = said / said.sum(1, keepdims=True)
    return probabilities.astype(np.float32)


def _moved(weights: FloatArray, frames: FloatArray) -> FloatArray:
    """At each of the `frames` (T, 7) the sum of those around it by symmetric `weights`."""
    moved: FloatArray = convolve1d(frames, weights, axis=0, mode="constant")
    return moved
