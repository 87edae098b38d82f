"""Fits CNN-SVM: a linear support vector machine on the statistics of windows."""

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_svm import CnnSvm, window_statistics
from streamfer.errors import UsageError
from trainers.backbone.export import fit_temperature
from trainers.temporal.examples import Examples

MOST = 8000  # windows; more take minutes
PENALTY = 1e-4  # scikit-learn's C


def fit_svm(fitted: Examples, seed: int) -> CnnSvm:
    """Fit to the most probable class of each target; then the temperature to the whole target.

    Raises:
        UsageError: Some emotion is in none of the targets.
    """
    chosen = np.random.default_rng(seed).permutation(len(fitted))[:MOST]
    target = fitted.target[chosen]
    said = target.argmax(1)
    if len(np.unique(said)) < len(EMOTIONS):
        raise UsageError("An SVM cannot be fitted: there are windows of some emotions only.")
    embeddings, present = fitted.tensors(chosen)
    statistics = window_statistics(embeddings, present).double().numpy()
    scaler = StandardScaler().fit(statistics)
    standardised = scaler.transform(statistics)
    machine = LinearSVC(C=PENALTY, dual=False).fit(standardised, said)
    decisions = torch.from_numpy(machine.decision_function(standardised)).float()
    temperature = fit_temperature(decisions, torch.from_numpy(target))
    return CnnSvm(scaler.mean_, scaler.scale_, machine.coef_, machine.intercept_, temperature)
