"""What is measured of a network, on pictures whose truth is known."""

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks import networks
from benchmarks.competitors import Contestant
from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.faces import Faces

# A picture's brightness tells its label.
LABELS = np.arange(70) % 7
FACES = Faces(
    np.full((70, 48, 48), LABELS[:, None, None], np.uint8), LABELS, tuple(map(str, range(70)))
)


def reader(wrong: int) -> Contestant:
    """A network that knows all, but takes class `wrong` for neutral; 90 % sure of all."""

    def predict(faces: Sequence[np.ndarray]) -> np.ndarray:
        labels = np.array([face[0, 0, 0] for face in faces])
        return np.eye(7, dtype=np.float32)[np.where(labels == wrong, 0, labels)] * 0.9 + 0.1 / 7

    return Contestant("reader", "", 0, 0, 48, "numpy", predict)


def test_figures_of_a_network():
    figures = networks.measure(reader(wrong=3), FACES)
    assert figures["accuracy"] == figures["uar"] == pytest.approx(6 / 7, abs=1e-4)
    assert figures["ece"] == pytest.approx(0.9 + 0.1 / 7 - 6 / 7, abs=1e-4)
    assert figures["recall"] == {e: 0 if n == 3 else 1 for n, e in enumerate(EMOTIONS)}


def test_ours_is_measured_as_it_is_shipped():
    ours = networks.load_ours()
    pictures = networks.rgb(FACES)
    assert ours.predict(pictures[:3]).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert 1e5 < ours.parameters < 3e7
    assert ours.size <= 12_000_000
    (times,) = networks.milliseconds_a_face([ours], FACES, rounds=3)
    assert 0 < times["8"] < 50
    assert 0 < times["1"] < 50
