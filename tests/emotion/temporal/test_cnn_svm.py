import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from streamfer.emotion.temporal.cnn_svm import CnnSvm, window_statistics
from tests.emotion.temporal.random_networks import random_windows, tensors


def statistics(embeddings: np.ndarray, present: np.ndarray) -> np.ndarray:
    """By numpy, window by window."""
    return np.stack(
        [
            np.concatenate([window[seen].mean(axis=0), window[seen].std(axis=0)])
            for window, seen in zip(embeddings, present.astype(bool), strict=True)
        ]
    )


def test_statistics_are_means_and_deviations_of_the_faces_seen():
    embeddings, present = tensors(random_windows(50))
    assert 0 < (present.sum(1) == 1).sum() < 50, "faces seen once are among them, and others"

    found = window_statistics(embeddings, present)

    expected = statistics(embeddings.numpy(), present.numpy())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_window_without_a_face_has_statistics_of_zero():
    assert (window_statistics(torch.zeros(1, 10, 512), torch.zeros(1, 10)) == 0).all()


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_it_decides_as_the_svm_that_was_fitted(temperature: float):
    embeddings, present = tensors(random_windows(140))
    features = statistics(embeddings.numpy(), present.numpy()).astype(np.float64)
    scaler = StandardScaler().fit(features)
    svm = LinearSVC(C=1e-3).fit(scaler.transform(features), np.arange(140) % 7)
    net = CnnSvm(scaler.mean_, scaler.scale_, svm.coef_, svm.intercept_, temperature)

    with torch.inference_mode():
        logits = net(embeddings, present)

    expected = svm.decision_function(scaler.transform(features)) / temperature
    assert np.ptp(expected, axis=0).min() > 0.2, "all windows look alike, so nothing is tested"
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)
