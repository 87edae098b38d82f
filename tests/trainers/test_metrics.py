import numpy as np
import pytest

from trainers import metrics

LABELS = np.array([0, 0, 0, 0, 1, 1])
PREDICTED = np.array([0, 0, 0, 1, 1, 0])


def test_rows_of_the_confusion_matrix_are_the_true_classes():
    assert metrics.confusion(LABELS, PREDICTED, 3).tolist() == [[3, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_uar_weighs_classes_equally_and_leaves_out_absent_ones():
    matrix = metrics.confusion(LABELS, PREDICTED, 3)
    assert metrics.accuracy(matrix) == pytest.approx(4 / 6)
    assert metrics.uar(matrix) == pytest.approx((3 / 4 + 1 / 2) / 2)
    said = np.eye(3)[PREDICTED]
    assert metrics.scores(LABELS, said) == {"uar": pytest.approx(0.625), "accuracy": 4 / 6}
    assert metrics.recalls(matrix)[:2] == pytest.approx([0.75, 0.5])
    assert metrics.precisions(matrix)[:2] == pytest.approx([0.75, 0.5])
    assert np.isnan(metrics.recalls(matrix)[2])


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    labels = np.array([0] * 7 + [1] * 3)
    certain = np.tile([0.9, 0.1], (10, 1))
    honest = np.tile([0.7, 0.3], (10, 1))
    assert metrics.expected_calibration_error(certain, labels) == pytest.approx(0.2)
    assert metrics.expected_calibration_error(honest, labels) == pytest.approx(0.0)


def test_calibration_error_adds_gaps_of_opposite_sign():
    labels = np.array([0, 1, 0, 0])
    probabilities = np.array([[0.95, 0.05]] * 2 + [[0.55, 0.45]] * 2)
    assert metrics.expected_calibration_error(probabilities, labels) == pytest.approx(0.45)


def test_likelihood_looks_at_the_true_class():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75]])
    expected = -(np.log(0.5) + np.log(0.25)) / 2
    assert metrics.negative_log_likelihood(probabilities, np.array([1, 0])) == pytest.approx(
        expected
    )
