"""What predictions are worth, and how sure that is.

Intervals are the percentile bootstrap over participants: samples of one person are not
independent, so whole participants are drawn. A sample whose participant nobody knows is one of
its own. The bootstrap does not know who might have taken part: with SAVEE's four it is narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.predictions import Predictions

Matrices = NDArray[np.int64]
"""Confusion matrices (…, 7, 7): rows are the true class, columns the predicted one."""

Measure = Callable[[Matrices], NDArray[np.float64]]
"""Of confusion matrices (…, 7, 7), what each is worth (…), between 0 and 1."""

CLASSES = len(EMOTIONS)


def accuracy(matrices: Matrices) -> NDArray[np.float64]:
    """The share of all samples that were recognised."""
    hits: NDArray[np.float64] = np.trace(matrices, axis1=-2, axis2=-1) / matrices.sum((-2, -1))
    return hits


def uar(matrices: Matrices) -> NDArray[np.float64]:
    """Unweighted average recall, over the classes that have samples."""
    mean: NDArray[np.float64] = np.nanmean(metrics.recalls(matrices), axis=-1)
    return mean


def macro_f1(matrices: Matrices) -> NDArray[np.float64]:
    """The mean over the classes that have samples of 2·TP / (samples + predictions)."""
    samples = matrices.sum(-1)
    both = samples + matrices.sum(-2)
    hits = np.diagonal(matrices, axis1=-2, axis2=-1)
    scores = np.full(both.shape, np.nan)
    np.divide(2 * hits, both, out=scores, where=samples > 0)
    mean: NDArray[np.float64] = np.nanmean(scores, axis=-1)
    return mean


MEASURES: Mapping[str, Measure] = {"accuracy": accuracy, "UAR": uar, "F1": macro_f1}
"""By the names that Table 7 gives them."""


def confusion(predictions: Predictions) -> Matrices:
    """The confusion matrix (7, 7) of all predictions."""
    return metrics.confusion(predictions.labels, predictions.probabilities.argmax(1), CLASSES)


@dataclass(frozen=True)
class Estimate:
    """A measure and the ends of its 95 % interval, between 0 and 1; NaN where there is none."""

    value: float
    low: float
    high: float


NOTHING = Estimate(np.nan, np.nan, np.nan)
"""Of what was not measured."""


def estimate(
    predictions: Predictions, measure: Measure, *, draws: int = 2000, seed: int = 0
) -> Estimate:
    """A measure of predictions, with its 95 % interval over participants.

    The same seed gives the same interval. With fewer than two participants there is none.
    """
    value = float(measure(confusion(predictions)))
    each = _of_participants(predictions)
    if len(each) < 2:
        return Estimate(value, np.nan, np.nan)
    # Equal participants are drawn together: samples without one are of 49 kinds at most.
    kinds, counts = np.unique(each.reshape(-1, CLASSES**2), axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(each), counts / len(each), size=draws)
    matrices = (drawn @ kinds).reshape(-1, CLASSES, CLASSES)
    low, high = np.percentile(measure(matrices), (2.5, 97.5))
    return Estimate(value, float(low), float(high))


def _of_participants(predictions: Predictions) -> Matrices:
    """The confusion matrix of each participant (P, 7, 7)."""
    _, corpus = np.unique(predictions.corpus, return_inverse=True)
    _, name = np.unique(predictions.participant, return_inverse=True)
    own = np.where(predictions.participant == "", np.arange(1, len(predictions) + 1), 0)
    _, person = np.unique(np.stack([corpus, name, own]), axis=1, return_inverse=True)
    cell = predictions.labels * CLASSES + predictions.probabilities.argmax(1)
    cells = np.bincount(person * CLASSES**2 + cell, minlength=(person.max() + 1) * CLASSES**2)
    return cells.reshape(-1, CLASSES, CLASSES)


@dataclass(frozen=True)
class PairedTest:
    """Student's paired t-test: `t`, the two-sided `p`, and of how many pairs."""

    t: float
    p: float
    pairs: int


def paired_t_test(first: Sequence[float], second: Sequence[float]) -> PairedTest:
    """Whether two methods differ over the same corpora (section 4.3); t > 0: the first is better.

    NaN with fewer than two pairs, or where all differences are equal up to rounding.
    """
    differences = np.subtract(first, second)
    if len(differences) < 2 or np.allclose(differences, differences[0]):
        return PairedTest(np.nan, np.nan, len(differences))
    result = ttest_rel(first, second)
    return PairedTest(float(result.statistic), float(result.pvalue), len(differences))
