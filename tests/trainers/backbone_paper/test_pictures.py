"""ResizedStills as they are read, and as they are changed at random."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut

from streamfer.errors import InputError
from trainers.backbone.paper.pictures import ResizedStills, sized, varied
from trainers.corpora.samples import Still

FACE = np.ascontiguousarray(astronaut()[20:212, 130:322])


def changed(seed: int, *, affine: bool = False, contrast: bool = False, noise: float = 0.0):
    random = np.random.default_rng(seed)
    return varied(FACE, random, affine=affine, contrast=contrast, noise=noise)


def test_pictures_come_as_rgb_of_the_size_that_is_asked_for(stills: list[Still]):
    pictures = ResizedStills(stills, 32, "area")
    first, second = pictures[0], pictures[1]
    assert first.shape == (32, 32, 3)
    # As the fixture wrote them, in BGR: one takes (40, 250, 160) as it is, one mirrored.
    assert second[2, 2].tolist() == pytest.approx([160, 250, 40], abs=2)
    assert first[2, 2].tolist() == pytest.approx([40, 250, 160], abs=2)
    assert np.array_equal(pictures.stack([1, 0]), np.stack([second, first]))


def test_a_missing_picture_is_told(stills: list[Still], tmp_path: Path):
    gone = replace(stills[0], source=tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"gone\.png"):
        ResizedStills([gone], 32, "area")[0]


def test_nearest_takes_pixels_and_area_means():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::2] = 200
    assert set(np.unique(sized(stripes, 32, "nearest"))) <= {0, 200}
    assert set(np.unique(sized(stripes, 32, "area"))) == {100}


def test_nothing_asked_for_is_nothing_changed():
    assert np.array_equal(changed(0), FACE.astype(np.float32))


@given(seed=st.integers(0, 2**32), affine=st.booleans(), contrast=st.booleans())
def test_the_same_seed_gives_the_same_picture_in_range(seed: int, affine: bool, contrast: bool):
    one = changed(seed, affine=affine, contrast=contrast, noise=0.05)
    assert np.array_equal(one, changed(seed, affine=affine, contrast=contrast, noise=0.05))
    assert one.shape == FACE.shape
    assert one.dtype == np.float32
    assert one.min() >= 0
    assert one.max() <= 255


def test_half_of_the_faces_are_mirrored_and_all_are_moved():
    middle = FACE[48:144, 48:144].astype(np.float32)
    mirrored = 0
    for seed in range(60):
        moved = changed(seed, affine=True)
        assert not np.array_equal(moved, FACE)
        as_is, flipped = (
            cv2.matchTemplate(moved, part, cv2.TM_CCOEFF_NORMED).max()
            for part in (middle, np.ascontiguousarray(middle[:, ::-1]))
        )
        mirrored += flipped > as_is
    assert 20 <= mirrored <= 40


def test_contrast_stretches_about_the_mean():
    grey = np.full((8, 8, 3), 100, np.uint8)
    grey[:4] = 120
    found = [
        varied(grey, np.random.default_rng(seed), affine=False, contrast=True, noise=0)
        for seed in range(50)
    ]
    assert all(one.mean() == pytest.approx(110) for one in found)
    spans = [one.max() - one.min() for one in found]
    assert 20 * 0.7 <= min(spans) < 16
    assert 24 < max(spans) <= 20 * 1.3


def test_noise_has_the_deviation_that_is_asked_for():
    grey = np.full((64, 64, 3), 128, np.uint8)
    noisy = varied(grey, np.random.default_rng(0), affine=False, contrast=False, noise=0.1)
    assert noisy.std() == pytest.approx(25.5, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=1)
