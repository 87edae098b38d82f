import numpy as np
import pytest

from streamfer.faces.detector import load_detector
from tests.trainers.synthetic.conftest import FRONTAL
from trainers.corpora.synthetic.portraits import PLACE, SIDE, Morph, portrait


@pytest.fixture(scope="module")
def detector():
    return load_detector()


@pytest.fixture(scope="module")
def portraits(photographs, detector):
    return [portrait(photograph, detector) for photograph in photographs]


def test_frontal_faces_become_upright_and_alike_and_others_are_refused(portraits):
    assert [made is not None for made in portraits] == [True] * FRONTAL + [False] * FRONTAL
    for made in portraits[:FRONTAL]:
        assert np.abs(made.landmarks / SIDE - PLACE).max() < 0.04
        assert made.pixels.shape == (SIDE, SIDE)
        x1, y1, x2, y2 = made.box.astype(int)
        face = made.pixels[y1:y2, x1:x2]
        assert face.mean() == pytest.approx(118, abs=6)
        assert face.std() == pytest.approx(46, abs=6)


def test_a_photograph_without_a_face_is_no_portrait(detector):
    assert portrait(np.full((160, 160), 90, np.uint8), detector) is None


def test_a_morph_begins_with_one_and_ends_with_the_other(portraits):
    one, other = portraits[0], portraits[1]
    way = Morph(one, other)
    assert way.at(0) is one
    assert way.at(1) is other
    nearly = way.at(0.001).pixels.astype(int)
    assert np.abs(nearly - one.pixels).mean() < 1


def test_landmarks_lie_where_a_morph_says(portraits, detector):
    """On the way the detector finds the landmarks between those of both portraits."""
    half = Morph(portraits[0], portraits[2]).at(0.5)
    framed = np.pad(half.pixels, 40, mode="edge")
    (found,) = detector.detect([np.repeat(framed[..., None], 3, axis=2)])
    assert len(found) == 1
    assert np.abs(found.landmarks[0] - 40 - half.landmarks).max() < 0.03 * SIDE
