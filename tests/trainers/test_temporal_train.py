"""On a made problem: a spoilt sample tells a wrong emotion, and has a mark that says so."""

import json

import numpy as np
import pytest
import torch

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_gru import CnnGru
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.errors import UsageError
from trainers.temporal.examples import lay_out
from trainers.temporal.measures import agreement
from trainers.temporal.readings import AS_IT_IS, Readings
from trainers.temporal.svm import fit_svm
from trainers.temporal.train import Recipe, kept_back, predict, train

TICKS, SPOILT = 10, 6
WIDTH = 20  # numbers of an embedding that tell each emotion, and those that tell of spoiling


def made(sequences, seed):
    rng = np.random.default_rng(seed)
    emotion, lie = (np.tile(rng.integers(0, 7, (sequences, 1)), TICKS) for _ in range(2))
    told, spoilt = [], []
    for number in range(sequences):
        marked = np.isin(np.arange(TICKS), rng.permutation(TICKS)[:SPOILT])
        for hit in (np.zeros(TICKS, bool), marked):
            told.append(np.where(hit, lie[number], emotion[number]))
            spoilt.append(hit)
    told, spoilt = np.concatenate(told), np.concatenate(spoilt)
    embeddings = rng.uniform(0, 0.1, (len(told), 512)).astype(np.float32)
    signs = np.repeat(np.eye(8, dtype=np.float32), WIDTH, axis=1)
    embeddings[:, : 8 * WIDTH] += signs[told] + spoilt[:, None] * signs[7]
    probabilities = np.full((len(told), 7), 0.02, np.float32)
    probabilities[np.arange(len(told)), told] = 0.88
    return Readings(
        persons=np.array([f"person {n}" for n in range(sequences)]),
        clips=np.full(sequences, ""),
        kinds=np.tile([AS_IT_IS, 0], (sequences, 1)),
        sequence=np.repeat(np.arange(sequences), 2 * TICKS),
        copy=np.tile(np.repeat([0, 1], TICKS), sequences),
        tick=np.tile(np.arange(TICKS), 2 * sequences),
        label=np.repeat(emotion, 2, axis=0).ravel(),
        spoilt=spoilt,
        seen=np.ones(len(told), bool),
        embeddings=embeddings,
        probabilities=probabilities,
    )


@pytest.fixture(scope="module")
def fitted():
    return lay_out(made(300, seed=0), Analysis())


@pytest.fixture(scope="module")
def others():
    examples = lay_out(made(60, seed=1), Analysis())
    return examples.where(examples.spoilt == SPOILT)


def agrees(said, examples):
    return agreement(said, examples.target).mean()


def trained(fitted, others, **settings):
    torch.manual_seed(0)
    net = CnnGru()
    epochs = list(train(net, "cnn-gru", fitted, others, Recipe(warmup=5, **settings)))
    return net, epochs


def test_training_learns_to_overlook_spoilt_samples(fitted, others):
    assert agrees(CnnS().recognise(others.windows), others) < 0.6
    net, epochs = trained(fitted, others, epochs=4)
    assert agrees(predict(net, others), others) > 0.9
    assert epochs[-1].agreement == agrees(predict(net, others), others)
    assert epochs[-1].loss < epochs[0].loss
    assert json.dumps(epochs[0].agreement)


def test_the_same_seed_gives_the_same_weights(fitted, others):
    fitted = fitted.where(np.arange(len(fitted)) < 256)
    (one, _), (same, _) = (trained(fitted, others, epochs=1) for _ in range(2))
    other, _ = trained(fitted, others, epochs=1, seed=1)
    for name, weights in one.state_dict().items():
        assert torch.equal(weights, same.state_dict()[name])
    assert not torch.equal(one.fc.weight, other.fc.weight)


def test_the_svm_is_fitted_to_the_target_and_gives_its_probabilities(fitted, others):
    clean = lay_out(made(60, seed=1), Analysis())
    clean = clean.where(clean.clean & (clean.windows.faces == TICKS))
    svm = fit_svm(fitted.where(fitted.clean), seed=0)
    said = predict(svm, clean)
    assert agrees(said, clean) > 0.95
    assert np.abs(said - clean.target).max(1).mean() < 0.2


@pytest.mark.parametrize("known", [2, 5])
def test_an_svm_never_says_an_emotion_that_it_was_not_shown(fitted, known):
    shown = fitted.where(fitted.clean & (fitted.target.argmax(1) < known))
    said = predict(fit_svm(shown, seed=0), fitted)
    assert said[:, known:].max() < 1e-6
    assert agrees(said[fitted.clean & (fitted.target.argmax(1) < known)], shown) > 0.95


def test_an_svm_of_one_emotion_is_refused(fitted):
    with pytest.raises(UsageError, match="the same emotion"):
        fit_svm(fitted.where(fitted.target.argmax(1) == 3), seed=0)


def test_all_windows_of_a_person_are_kept_back_or_none(fitted):
    kept = kept_back(fitted)
    assert 0 < kept.mean() < 0.3
    assert not set(fitted.person[kept]) & set(fitted.person[~kept])
