"""How good a classifier's probabilities are, for balanced and for unbalanced classes."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


def confusion(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Counts (classes, classes): rows are the true class, columns the predicted one."""
    cells = np.bincount(labels * classes + predicted, minlength=classes**2)
    return cells.reshape(classes, classes)


def accuracy(matrix: NDArray[np.int64]) -> float:
    """The share of all samples that were recognised."""
    return float(np.trace(matrix) / matrix.sum())


def recalls(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each class that was recognised; NaN for a class without samples.

    matrix: (…, classes, classes), one or many; gives (…, classes).
    """
    totals = matrix.sum(-1)
    shares = np.full(totals.shape, np.nan)
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    np.divide(hits, totals, out=shares, where=totals > 0)
    return shares


def precisions(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each class's predictions that were right; NaN for one never predicted.

    matrix: (…, classes, classes), one or many; gives (…, classes).
    """
    return recalls(matrix.swapaxes(-2, -1))


def uar(matrix: NDArray[np.int64]) -> float:
    """Unweighted average recall, over the classes that have samples."""
    return float(np.nanmean(recalls(matrix)))


def scores(labels: NDArray[np.int64], said: FloatArray) -> dict[str, float]:
    """UAR and accuracy of the likeliest classes, 0..1, as "uar" and "accuracy".

    labels: (N,). said: probabilities or logits (N, classes).
    """
    matrix = confusion(labels, said.argmax(1), said.shape[1])
    return {"uar": uar(matrix), "accuracy": accuracy(matrix)}


def expected_calibration_error(
    probabilities: FloatArray, labels: NDArray[np.int64], bins: int = 15
) -> float:
    """Guo et al. 2017, eq. 3: the mean gap between confidence and accuracy over equal bins.

    probabilities: (N, classes). labels: (N,).
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def negative_log_likelihood(probabilities: FloatArray, labels: NDArray[np.int64]) -> float:
    """The mean of -log of the true class's probability."""
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())
