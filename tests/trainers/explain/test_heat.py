"""Heat lies where the network looks."""

from pathlib import Path

import numpy as np
import pytest

from streamfer.emotion.backbone import Crop
from streamfer.emotion.labels import EMOTIONS
from tests.trainers.explain.networks import QUADRANTS, SIDE, quadrant, write_quadrant
from tests.trainers.explain.photographs import real_faces
from trainers.analysis.explain.explainable import load_explainable
from trainers.analysis.explain.faithfulness import costs, hide
from trainers.analysis.explain.heat import heat_maps
from trainers.analysis.explain.method import Method

FEAR, ANGER = EMOTIONS.index("fear"), EMOTIONS.index("anger")


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("seen", QUADRANTS)
def test_a_network_that_sees_one_quadrant_is_explained_by_it(
    tmp_path: Path, seen: str, method: Method
):
    explainable = load_explainable(str(write_quadrant(tmp_path / "net.onnx", seen)))
    face = np.random.default_rng(0).integers(100, 256, (SIDE, SIDE, 3), np.uint8)

    (heat,) = heat_maps(explainable, face, [FEAR], method)

    assert heat.shape == (SIDE, SIDE)
    assert (heat.min(), heat.max()) == (0, 1)
    inside = heat[quadrant(seen)]
    assert inside.sum() > 0.8 * heat.sum()  # the rest is what interpolation spreads
    assert (inside > 0.2).mean() > 0.8
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert quadrant(seen)[0].start <= y < quadrant(seen)[0].stop
    assert quadrant(seen)[1].start <= x < quadrant(seen)[1].stop


@pytest.mark.parametrize("method", Method)
def test_what_nothing_speaks_for_is_cold(tmp_path: Path, method: Method):
    """Nothing that this network sees raises the logit of anger."""
    explainable = load_explainable(str(write_quadrant(tmp_path / "net.onnx", "lower left")))
    face = np.full((SIDE, SIDE, 3), 200, np.uint8)

    anger, fear = heat_maps(explainable, face, [ANGER, FEAR], method)

    assert not anger.any()
    assert fear.max() == 1


def test_expressions_of_one_face_share_the_scale_of_grad_cam():
    explainable = load_explainable()
    (face, *_) = real_faces(explainable.crop)

    together = heat_maps(explainable, face, range(7))
    alone = [heat_maps(explainable, face, [emotion])[0] for emotion in range(7)]

    assert together.max() == 1
    strongest = together.max((1, 2))
    assert 0 in strongest
    for heat, strength, own in zip(together, strongest, alone, strict=True):
        np.testing.assert_allclose(heat, strength * own, atol=1e-4)


@pytest.mark.parametrize("method", Method)
def test_hiding_what_is_hot_costs_more_than_hiding_what_is_cold(method: Method):
    explainable = load_explainable()
    faces = real_faces(explainable.crop)

    hot, cold = costs(explainable, faces, method).T

    assert hot.mean() > 0.1
    assert abs(cold).mean() < 0.05
    assert (hot > cold).sum() >= 7


def test_what_is_hidden_is_a_fifth():
    (face, *_) = real_faces(Crop(96, aligned=True))
    heat = np.linspace(0, 1, 96 * 96, dtype=np.float32).reshape(96, 96)

    changed = [(hide(face, heat, hottest) != face).any(2) for hottest in (True, False)]

    for rows, hidden in zip((slice(-19, None), slice(19)), changed, strict=True):
        assert hidden[rows].mean() > 0.8
        assert hidden.sum() <= round(0.2 * 96 * 96)
    assert not (changed[0] & changed[1]).any()
