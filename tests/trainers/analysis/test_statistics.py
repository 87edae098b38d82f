import itertools

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from tests.trainers.analysis.made import said
from trainers import metrics
from trainers.analysis import statistics
from trainers.analysis.statistics import accuracy, estimate, macro_f1, paired_t_test, uar
from trainers.predictions import join


@pytest.fixture
def guesses():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 6, 400)  # no anger
    return labels, np.where(rng.random(400) < 0.6, labels, rng.integers(0, 7, 400))


def test_measures_are_those_of_scikit_learn(guesses):
    labels, guessed = guesses
    matrix = statistics.confusion(said(labels, guessed))
    recalls = recall_score(labels, guessed, labels=np.unique(labels), average="macro")
    assert uar(matrix) == pytest.approx(recalls)
    assert accuracy(matrix) == pytest.approx((labels == guessed).mean())
    f1 = f1_score(labels, guessed, labels=np.unique(labels), average="macro")
    assert macro_f1(matrix) == pytest.approx(f1)


def test_measures_of_one_matrix_are_those_that_the_trainers_report(guesses):
    matrix = statistics.confusion(said(*guesses))
    assert uar(matrix) == metrics.uar(matrix)
    assert accuracy(matrix) == metrics.accuracy(matrix)


def test_many_matrices_are_measured_at_once(guesses):
    labels, guessed = guesses
    halves = np.stack(
        [
            statistics.confusion(said(x, y))
            for x, y in zip(np.split(labels, 2), np.split(guessed, 2), strict=True)
        ]
    )
    for measure in statistics.MEASURES.values():
        assert measure(halves).tolist() == [measure(half) for half in halves]


def test_the_interval_of_three_participants_is_that_of_all_27_draws():
    hits = {"a": (9, 10), "b": (2, 4), "c": (1, 6)}
    people = [person for person, (_, count) in hits.items() for _ in range(count)]
    guessed = [0 if i < right else 1 for right, count in hits.values() for i in range(count)]
    found = estimate(said([0] * 20, guessed, people), accuracy, draws=200_000)
    values = sorted(
        sum(hits[p][0] for p in draw) / sum(hits[p][1] for p in draw)
        for draw in itertools.product(hits, repeat=3)
    )
    assert found.value == pytest.approx(12 / 20)
    # 2.5 % of 27 equally likely draws lie within the first and the last of them.
    assert (found.low, found.high) == pytest.approx((values[0], values[-1]))


def test_samples_of_nobody_known_are_drawn_one_by_one():
    labels, guessed = [0] * 400, [0] * 240 + [1] * 160
    found = estimate(said(labels, guessed), accuracy, draws=20_000)
    deviation = np.sqrt(0.6 * 0.4 / 400)
    assert found.low == pytest.approx(0.6 - 1.96 * deviation, abs=0.003)
    assert found.high == pytest.approx(0.6 + 1.96 * deviation, abs=0.003)


def test_participants_of_one_mind_make_the_interval_wide():
    labels, guessed = [0] * 400, [0] * 240 + [1] * 160
    people = [str(i // 40) for i in range(400)]  # ten, each always right or always wrong
    found = estimate(said(labels, guessed, people), accuracy, draws=20_000)
    assert (found.low, found.high) == (pytest.approx(0.3), pytest.approx(0.9))


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    covered = 0
    for trial in range(200):
        skill = rng.beta(6, 4, 40)  # 40 participants, of whom a share of .6 is right on average
        right = rng.random((40, 12)) < skill[:, None]
        people = np.repeat(np.arange(40), 12).astype(str)
        found = estimate(
            said([0] * 480, (~right).astype(int).ravel(), people), accuracy, draws=500, seed=trial
        )
        covered += found.low <= 0.6 <= found.high
    assert 180 <= covered <= 197  # of 200; 190 expected, with a deviation of 3


def test_the_same_name_in_two_corpora_is_two_participants():
    people = ["1", "1", "2", "2"]
    both = join([said([0] * 4, [0, 0, 0, 1], people), said([0] * 4, [1] * 4, people, "SAVEE")])
    found = estimate(both, accuracy, draws=50_000)
    # Two participants of each name would always be drawn together: 0, .25, .5 at most.
    assert found.high > 0.7


def test_the_same_seed_gives_the_same_interval(guesses):
    people = [str(i % 17) for i in range(400)]
    predictions = said(*guesses, people)
    assert estimate(predictions, uar) == estimate(predictions, uar)
    assert estimate(predictions, uar) != estimate(predictions, uar, seed=1)


def test_one_participant_has_no_interval():
    found = estimate(said([0, 1], [0, 0], ["one", "one"]), uar)
    assert found.value == 0.5
    assert np.isnan([found.low, found.high]).all()


def test_a_paired_test_by_hand():
    found = paired_t_test([3.0, 5.0, 7.0], [1.0, 4.0, 4.0])  # differences 2, 1, 3
    assert found.t == pytest.approx(2 / (1 / np.sqrt(3)))
    assert found.p == pytest.approx(0.0742, abs=1e-4)
    assert found.pairs == 3


@pytest.mark.parametrize(
    "pairs",
    [
        ([], []),
        ([1.0], [2.0]),
        ([1.0, 2.0], [1.0, 2.0]),
        ([0.3, 0.7, 1.1], [0.2, 0.6, 1.0]),  # equal up to rounding
    ],
)
def test_nothing_can_be_tested_without_two_different_pairs(pairs):
    assert np.isnan(paired_t_test(*pairs).t)
