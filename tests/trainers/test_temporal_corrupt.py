import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from trainers.temporal.corrupt import FEWEST, KINDS, MOST, corrupt, spoilt_samples

FACE = cv2.resize(astronaut()[40:200, 140:300], (96, 96), interpolation=cv2.INTER_AREA)
CROPS = np.stack([FACE] * 25)
STRANGER = np.stack([FACE[::-1], FACE[:, ::-1]])


def corrupted(kind, seed=0):
    return corrupt(CROPS, kind, STRANGER, np.random.default_rng(seed))


def sharpness(crops):
    return np.array([cv2.Laplacian(crop, cv2.CV_64F).std() for crop in crops])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_chosen_faces_are_spoilt_and_no_others(kind, seed):
    result = corrupted(kind, seed)
    changed = (result.crops != CROPS).any(axis=(1, 2, 3))
    lost = ~result.seen
    assert np.array_equal(changed | lost, result.spoilt)
    assert lost.any() == (kind == "missing")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_spoils_in_the_same_way(kind):
    one, same, other = corrupted(kind), corrupted(kind), corrupted(kind, seed=1)
    for part in range(3):
        assert np.array_equal(one[part], same[part])
    assert not np.array_equal(one.spoilt, other.spoilt)


def test_what_is_given_is_not_changed():
    before = CROPS.copy()
    for kind in KINDS:
        corrupted(kind)
    assert np.array_equal(CROPS, before)


def test_one_to_six_of_every_ten_samples_are_spoilt():
    rng = np.random.default_rng(0)
    counts = [spoilt_samples(20, rng).reshape(2, 10).sum(1) for _ in range(200)]
    assert set(np.ravel(counts).tolist()) == set(range(FEWEST, MOST + 1))
    assert all(spoilt_samples(count, rng).any() for count in (1, 2, 3) for _ in range(20))


def test_each_kind_does_what_its_name_says():
    assert (sharpness(corrupted("blur").crops[corrupted("blur").spoilt]) < 8).all()
    assert sharpness(FACE[None]) > 20
    dark = corrupted("darkness")
    assert dark.crops[dark.spoilt].mean() < 0.25 * FACE.mean()
    wrong = corrupted("wrong face")
    for crop in wrong.crops[wrong.spoilt]:
        assert any(np.array_equal(crop, face) for face in STRANGER)
    coarse = corrupted("compression")
    assert (sharpness(coarse.crops[coarse.spoilt]) < sharpness(FACE[None]) / 2).all()


def test_a_thing_before_the_face_hides_a_part_and_leaves_the_rest():
    for seed in range(10):
        result = corrupted("occlusion", seed)
        hidden = (result.crops[result.spoilt] != FACE).any(-1).mean(axis=(1, 2))
        assert (hidden > 0.05).all()
        assert (hidden < 0.6).all()


def test_a_shifted_face_lies_elsewhere():
    result = corrupted("shift")
    spot = np.zeros_like(CROPS)
    spot[:, 46:50, 46:50] = 255
    moved = corrupt(spot, "shift", STRANGER, np.random.default_rng(0))
    for crop in moved.crops[result.spoilt]:
        y, x = np.argwhere(crop[..., 0] > 100).mean(axis=0) if (crop > 100).any() else (99, 99)
        assert np.hypot(y - 47.5, x - 47.5) > 96 * 0.1
