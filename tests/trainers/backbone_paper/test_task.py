"""Expressions as a task: batches as Fig. 5 makes them, weighted losses."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from trainers.backbone.paper.settings import SHIPPED, BackboneSettings
from trainers.backbone.paper.task import BackboneTask, MakeBackboneTask, class_weights
from trainers.corpora.samples import Still

SMALL = BackboneSettings(family=SHIPPED, side=32, dropout=0.0)
COUNTS = (40, 30, 10, 10, 5, 3, 2)


def task(stills: list[Still], settings: BackboneSettings) -> BackboneTask:
    return MakeBackboneTask(settings, tuple(stills), tuple(stills[:7]), None)()


def test_class_weights_are_those_of_the_paper():
    labels = np.repeat(np.arange(7), COUNTS)
    inverse = class_weights(labels, "inverse")
    assert inverse == pytest.approx([100 / (7 * count) for count in COUNTS])
    assert float((inverse[labels]).mean()) == pytest.approx(1)
    logarithmic = class_weights(labels, "logarithmic")
    assert logarithmic == pytest.approx([1, 1, 1, 1, 1.0986, 1.6094, 2.0149], abs=1e-4)
    assert class_weights(labels, "none").tolist() == [1] * 7


def test_what_is_drawn_follows_from_seed_epoch_and_sample(stills: list[Still]):
    settings = replace(SMALL, mixup=True, noise=0.1, noise_on="pictures")
    one, other = task(stills, settings), task(stills, settings)
    assert np.array_equal(one.draw(3, 5)[0], other.draw(3, 5)[0])
    seeded = task(stills, replace(settings, fit=replace(settings.fit, seed=1)))
    for different in (one.draw(4, 5), one.draw(3, 6), seeded.draw(3, 5)):
        assert not np.array_equal(one.draw(3, 5)[0], different[0])


def test_mixup_blends_two_pictures_and_their_targets_by_the_same_share(stills: list[Still]):
    plain = task(stills, replace(SMALL, affine=False, contrast=False))
    mixing = task(stills, replace(SMALL, affine=False, contrast=False, mixup=True))
    shares = []
    for sample in range(len(stills)):
        label = stills[sample].label
        own, target = plain.draw(0, sample)
        assert target.tolist() == np.eye(7)[label].tolist()
        mixed, soft = mixing.draw(0, sample)
        assert soft.sum() == pytest.approx(1)
        if soft[label] == 1:
            continue  # the other is of the same kind
        share = soft[label]
        other = (mixed - share * own) / (1 - share)
        assert min(np.abs(other - plain.draw(0, i)[0]).max() for i in range(len(stills))) < 0.1
        shares.append(share)
    assert len(shares) > 25
    assert 0.4 < np.mean(shares) < 0.6
    assert np.std(shares) == pytest.approx(12**-0.5, abs=0.08)  # of a uniform α


def test_losses_are_weighted_and_each_samples_own(stills: list[Still]):
    built = task([*stills[:6], *stills[12:14]], replace(SMALL, affine=False, contrast=False))
    net = built.net.eval()
    losses = built.losses(net, np.arange(8), 0)
    faces = torch.from_numpy(built.taught.stack(range(8))).permute(0, 3, 1, 2).float()
    plain = functional.cross_entropy(net(faces), torch.tensor([0] * 6 + [2] * 2), reduction="none")
    weights = torch.tensor([8 / 7 / 6] * 6 + [8 / 7 / 2] * 2)
    torch.testing.assert_close(losses, plain * weights)
    torch.testing.assert_close(built.losses(net, np.array([7, 2]), 0), losses[[7, 2]])


def test_watching_counts_what_is_right(stills: list[Still]):
    built = task(stills, SMALL)
    with torch.no_grad():
        net = built.net.eval()
        net.classify.weight.zero_()
        net.classify.bias.copy_(torch.tensor([0, 0, 9.0, 0, 0, 0, 0]))
    # Of the first seven pictures six are neutral, one is happiness.
    assert built.watch(net) == {"accuracy": 0, "uar": 0}
    with torch.no_grad():
        net.classify.bias.copy_(torch.tensor([9.0, 0, 0, 0, 0, 0, 0]))
    assert built.watch(net) == {"accuracy": pytest.approx(6 / 7), "uar": 0.5}
