import itertools
import math

import numpy as np
import pytest
import torch

from streamfer.errors import UsageError
from trainers.backbone.train import Recipe, class_weights, learning_rate, train
from trainers.corpora.fer2013 import Faces

RECIPE = Recipe(epochs=2, settling_epochs=1, batch=8, warmup_epochs=0.5)


@pytest.fixture(scope="module")
def faces():
    images = np.random.default_rng(0).integers(0, 256, (21, 48, 48), np.uint8)
    return Faces(images, np.arange(21) % 7, tuple(f"{i}.jpg" for i in range(21)))


def weights(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def test_a_stopped_run_ends_with_the_weights_of_an_unstopped_one(faces, tmp_path):
    whole = list(train(faces, faces, RECIPE, tmp_path / "whole"))
    first = list(itertools.islice(train(faces, faces, RECIPE, tmp_path / "stopped"), 1))
    rest = list(train(faces, faces, RECIPE, tmp_path / "stopped"))
    assert [epoch.epoch for epoch in whole] == [1, 2]
    assert [epoch.loss for epoch in first + rest] == [epoch.loss for epoch in whole]
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    for part in ("net", "average"):
        assert all(torch.equal(one[part][name], other[part][name]) for name in one[part])
    assert list(train(faces, faces, RECIPE, tmp_path / "whole")) == []


def test_the_weights_and_their_average_move(faces, tmp_path):
    states = [weights(tmp_path) for _ in train(faces, faces, RECIPE, tmp_path)]
    for part in ("net", "average"):
        before, after = (state[part]["classify.weight"] for state in states)
        assert not torch.equal(before, after)


def test_another_recipe_does_not_go_on_from_the_checkpoint(faces, tmp_path):
    next(train(faces, faces, RECIPE, tmp_path))
    with pytest.raises(UsageError, match="another recipe"):
        next(train(faces, faces, Recipe(epochs=3), tmp_path))


def test_the_learning_rate_rises_falls_to_zero_and_settles_from_a_lower_start():
    recipe = Recipe(epochs=14, settling_epochs=4, lr=0.2, settling_lr=0.04, warmup_epochs=2)
    assert learning_rate(recipe, 1) == pytest.approx(0.1)
    assert learning_rate(recipe, 2) == pytest.approx(0.2)
    assert learning_rate(recipe, 6) == pytest.approx(0.1)
    assert learning_rate(recipe, 10) == pytest.approx(0, abs=1e-9)
    assert learning_rate(recipe, 10.001) == pytest.approx(0.04, rel=1e-3)
    assert learning_rate(recipe, 12) == pytest.approx(0.02)
    assert learning_rate(recipe, 14) == pytest.approx(0, abs=1e-9)


def test_class_weights_are_inverse_roots_with_a_mean_of_one_over_the_faces():
    labels = np.repeat(np.arange(7), [16, 1, 4, 4, 4, 4, 4])
    faces = Faces(np.zeros((37, 48, 48), np.uint8), labels, ("",) * 37)
    given = class_weights(faces, 0.5)
    assert float(given[1] / given[0]) == pytest.approx(math.sqrt(16))
    assert float(given[labels].mean()) == pytest.approx(1)
