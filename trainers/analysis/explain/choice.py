"""Chooses which samples the figures show, from what the network said of all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamfer.errors import UsageError
from trainers.predictions import Predictions


def right_and_wrong(predictions: Predictions, seed: int) -> NDArray[np.intp]:
    """Samples for Figure 7, by chance: four recognised rightly, four wrongly, if there are so many.

    Right ones come first. Among each, every expression is drawn once before one is drawn again.
    """
    right = predictions.probabilities.argmax(1) == predictions.labels
    generator = np.random.default_rng(seed)
    chosen = [
        _drawn(np.flatnonzero(mask), predictions.labels, generator, 4) for mask in (right, ~right)
    ]
    return np.concatenate(chosen)


def contradicted(predictions: Predictions, count: int = 4) -> NDArray[np.intp]:
    """Samples for Figure 8, the most doubtful annotations first; fewer where there are no more.

    Doubtful is an annotation to which the network prefers another expression by much.
    """
    rows = np.arange(len(predictions))
    annotated = predictions.probabilities[rows, predictions.labels]
    doubt = predictions.probabilities.max(1) - annotated
    worst = np.argsort(-doubt, kind="stable")[:count]
    doubtful: NDArray[np.intp] = worst[doubt[worst] > 0]
    return doubtful


def clear_pair(predictions: Predictions, seed: int) -> tuple[int, int]:
    """Two samples for Figure 9, by chance: recognised rightly, and annotated differently.

    Raises:
        UsageError: There are no two such samples.
    """
    clear = _clear(predictions, seed)
    others = clear[predictions.labels[clear] != predictions.labels[clear[:1]]]
    if not len(others):
        raise UsageError("Figure 9 needs samples of two expressions that are recognised rightly.")
    return int(clear[0]), int(others[0])


def doubtful_pair(predictions: Predictions, seed: int) -> tuple[int, int]:
    """Two samples for Figure 10: the most doubtful annotation, and by chance a clear one.

    The clear one shows neither what the first is annotated as, nor what the network says of it.

    Raises:
        UsageError: There are no two such samples.
    """
    doubtful = contradicted(predictions, 1)
    clear = _clear(predictions, seed)
    taken = [predictions.labels[doubtful], predictions.probabilities[doubtful].argmax(1)]
    others = clear[~np.isin(predictions.labels[clear], np.concatenate(taken))]
    if not len(doubtful) or not len(others):
        raise UsageError(
            "Figure 10 needs a sample that is recognised wrongly, and one of a third expression "
            "that is recognised rightly."
        )
    return int(doubtful[0]), int(others[0])


def _clear(predictions: Predictions, seed: int) -> NDArray[np.intp]:
    """All that is recognised rightly, in an order by chance."""
    right = np.flatnonzero(predictions.probabilities.argmax(1) == predictions.labels)
    return np.random.default_rng(seed).permutation(right)


def _drawn(
    among: NDArray[np.intp], labels: NDArray[np.int64], generator: np.random.Generator, size: int
) -> NDArray[np.intp]:
    shuffled = generator.permutation(among)
    turn = np.empty(len(shuffled), int)
    for label in np.unique(labels[shuffled]):
        of_label = labels[shuffled] == label
        turn[of_label] = np.arange(of_label.sum())
    return shuffled[np.argsort(turn, kind="stable")][:size]
