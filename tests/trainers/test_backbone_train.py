import itertools
import math

import numpy as np
import pytest
import torch

from streamfer.errors import UsageError
from trainers.backbone.network import ExpressionNet
from trainers.backbone.train import Recipe, class_weights, learning_rate, relabel, train
from trainers.backbone.views import Views
from trainers.corpora.faces import Faces

RECIPE = Recipe(epochs=2, batch=8, warmup_epochs=0.5, mixed_part=0.5, relabel_at=(0.5,))


def some_faces(seed):
    images = np.random.default_rng(seed).integers(0, 256, (21, 96, 96), np.uint8)
    return Faces(images, np.arange(21) % 7, tuple(f"{i}.jpg" for i in range(21)))


@pytest.fixture(scope="module")
def views():
    return Views(some_faces(0), some_faces(1), np.ones(21, bool))


def run(views, recipe, folder):
    return train(views, {"some": views.given}, recipe, folder)


def weights(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def test_a_stopped_run_ends_with_the_weights_of_an_unstopped_one(views, tmp_path):
    whole = list(run(views, RECIPE, tmp_path / "whole"))
    first = list(itertools.islice(run(views, RECIPE, tmp_path / "stopped"), 1))
    rest = list(run(views, RECIPE, tmp_path / "stopped"))
    assert [epoch.epoch for epoch in whole] == [1, 2]
    assert [epoch.loss for epoch in first + rest] == [epoch.loss for epoch in whole]
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    for part in ("net", "average"):
        assert all(torch.equal(one[part][name], other[part][name]) for name in one[part])
    assert list(run(views, RECIPE, tmp_path / "whole")) == []


def test_the_weights_and_their_average_move(views, tmp_path):
    states = [weights(tmp_path) for _ in run(views, RECIPE, tmp_path)]
    for part in ("net", "average"):
        before, after = (state[part]["classify.weight"] for state in states)
        assert not torch.equal(before, after)


def test_another_recipe_does_not_go_on_from_the_checkpoint(views, tmp_path):
    next(run(views, RECIPE, tmp_path))
    with pytest.raises(UsageError, match="another recipe"):
        next(run(views, Recipe(epochs=3), tmp_path))


def test_targets_are_made_anew_from_what_the_averaged_network_says(views, tmp_path):
    for epoch in run(views, RECIPE, tmp_path):
        state = weights(tmp_path)
        if epoch.epoch == 1:
            average = ExpressionNet().eval()
            average.load_state_dict(state["average"])
            labels = state["targets"]
            assert np.array_equal(labels.argmax(1).numpy(), views.given.labels)
            assert set(labels.unique().tolist()) == {0.0, 1.0}
    expected = relabel(average, views.given, RECIPE.relabel_share)
    assert torch.allclose(state["targets"], expected, atol=1e-5)


def test_new_targets_are_half_label_and_the_same_for_a_mirrored_face(views):
    torch.manual_seed(0)
    net = ExpressionNet().eval()
    targets = relabel(net, views.given, 0.5)
    assert torch.allclose(targets.sum(1), torch.ones(21), atol=1e-5)
    assert (targets[range(21), views.given.labels] >= 0.5).all()
    mirrored = Faces(views.given.images[..., ::-1].copy(), views.given.labels, views.given.names)
    assert torch.allclose(relabel(net, mirrored, 0.5), targets, atol=1e-5)


def test_a_teacher_counts_as_much_as_the_network_where_it_has_a_say(views):
    torch.manual_seed(0)
    net = ExpressionNet().eval()
    taught = torch.zeros(21, 7)
    taught[:10, 4] = 1
    alone, both = (relabel(net, views.given, 1.0, say) for say in (None, taught))
    assert torch.allclose(both[:10], (alone[:10] + taught[:10]) / 2, atol=1e-5)
    assert torch.allclose(both[10:], alone[10:], atol=1e-5)


def test_the_learning_rate_rises_and_falls_to_zero():
    recipe = Recipe(epochs=14, lr=0.2, warmup_epochs=2)
    assert learning_rate(recipe, 1) == pytest.approx(0.1)
    assert learning_rate(recipe, 2) == pytest.approx(0.2)
    assert learning_rate(recipe, 8) == pytest.approx(0.1)
    assert learning_rate(recipe, 14) == pytest.approx(0, abs=1e-9)


def test_class_weights_are_inverse_roots_with_a_mean_of_one_over_the_faces():
    labels = np.repeat(np.arange(7), [16, 1, 4, 4, 4, 4, 4])
    faces = Faces(np.zeros((37, 1, 1), np.uint8), labels, ("",) * 37)
    given = class_weights(faces, 0.5)
    assert float(given[1] / given[0]) == pytest.approx(math.sqrt(16))
    assert float(given[labels].mean()) == pytest.approx(1)
