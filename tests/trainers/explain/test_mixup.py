import numpy as np
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from tests.trainers.explain.photographs import real_faces
from trainers.analysis.explain.explainable import load_explainable
from trainers.analysis.explain.mixup import mixup_probe


def test_a_probe_shows_the_network_both_faces_and_their_mixture():
    explainable = load_explainable()
    a, b, *_ = real_faces(explainable.crop)

    probe = mixup_probe(explainable, a, b, 0.25)

    np.testing.assert_array_equal(probe.faces[:2], [a, b])
    exact = 0.25 * a.astype(float) + 0.75 * b
    assert np.abs(probe.faces[2] - exact).max() <= 0.5
    np.testing.assert_allclose(
        probe.probabilities, explainable.probabilities(list(probe.faces)), atol=1e-6
    )
    np.testing.assert_allclose(probe.probabilities.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(("share", "whose"), [(1.0, 0), (0.0, 1)])
def test_a_mixture_of_one_face_is_that_face(share: float, whose: int):
    explainable = load_explainable()
    a, b, *_ = real_faces(explainable.crop)

    probe = mixup_probe(explainable, a, b, share)

    np.testing.assert_array_equal(probe.faces[2], probe.faces[whose])
    np.testing.assert_array_equal(probe.probabilities[2], probe.probabilities[whose])


def test_what_is_expected_of_a_mixture_is_the_mixture_of_the_labels():
    explainable = load_explainable()
    a, b, *_ = real_faces(explainable.crop)
    truth = np.eye(len(EMOTIONS))[[1, 6]]

    expected = mixup_probe(explainable, a, b, 0.64).expected(truth)

    np.testing.assert_allclose(expected[2], [0, 0.64, 0, 0, 0, 0, 0.36])
    np.testing.assert_array_equal(expected[:2], truth)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float):
    explainable = load_explainable()
    a, b, *_ = real_faces(explainable.crop)

    with pytest.raises(UsageError, match="between 0 and 1"):
        mixup_probe(explainable, a, b, share)
