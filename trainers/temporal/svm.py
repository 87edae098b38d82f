"""Fits CNN-SVM: a linear support vector machine on the statistics of windows."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from torch import Tensor

from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_svm import CnnSvm, window_statistics
from streamfer.errors import UsageError
from trainers.backbone.export import fit_temperature

MOST = 8000  # windows; more take minutes
PENALTY = 1e-4  # scikit-learn's C

_NEVER = -30.0
"""The logit of an emotion that no window shows: it is never said, and costs the others nothing."""


class Fittable(Protocol):
    """W windows of faces."""

    @property
    def target(self) -> NDArray[np.float32]:
        """What should be said of each: probabilities (W, 7)."""
        ...

    def __len__(self) -> int: ...

    def tensors(self, chosen: NDArray[np.int64]) -> list[Tensor]:
        """Of the `chosen` windows: embeddings (n, T, 512), and `present` (n, T)."""
        ...


def fit_svm(
    fitted: Fittable,
    seed: int,
    *,
    most: int = MOST,
    penalty: float = PENALTY,
    balanced: bool = False,
) -> CnnSvm:
    """Fit to the most probable class of each target; then the temperature to the whole target.

    To at most `most` windows, drawn by `seed`. `balanced`: rare classes weigh more, in inverse
    proportion. An emotion that no window shows is never said.

    Raises:
        UsageError: All windows show the same emotion.
    """
    chosen = np.random.default_rng(seed).permutation(len(fitted))[:most]
    target = fitted.target[chosen]
    said = target.argmax(1)
    known = np.unique(said)
    if len(known) < 2:
        raise UsageError("An SVM cannot be fitted: all windows show the same emotion.")
    embeddings, present = fitted.tensors(chosen)[:2]
    statistics = window_statistics(embeddings, present).double().numpy()
    scaler = StandardScaler().fit(statistics)
    standardised = scaler.transform(statistics)
    machine = LinearSVC(C=penalty, dual=False, class_weight="balanced" if balanced else None)
    machine.fit(standardised, said)
    slope, bias = machine.coef_, machine.intercept_
    if len(known) == 2:  # then it holds what decides for the second one only
        slope, bias = np.concatenate([-slope, slope]), np.concatenate([-bias, bias])
    decisions = torch.from_numpy(standardised @ slope.T + bias).float()
    temperature = fit_temperature(decisions, torch.from_numpy(target[:, known]))
    all_slopes = np.zeros((len(EMOTIONS), slope.shape[1]))
    all_biases = np.full(len(EMOTIONS), _NEVER * temperature)
    all_slopes[known], all_biases[known] = slope, bias
    return CnnSvm(scaler.mean_, scaler.scale_, all_slopes, all_biases, temperature)
