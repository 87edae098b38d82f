import numpy as np
import pytest

from streamfer.config import Analysis
from trainers.temporal.compare import (
    agreement,
    changes_a_minute,
    gains,
    interval,
    total_variation,
    winner,
)
from trainers.temporal.examples import lay_out
from trainers.temporal.readings import AS_IT_IS, Readings


def one_hot(*classes):
    return np.eye(7, dtype=np.float32)[list(classes)]


@pytest.fixture
def examples():
    """Two persons for 20 ticks, as they are and in a copy whose first ten faces are spoilt."""
    rows = 2 * 2 * 20
    sequence, copy, tick = (part.ravel() for part in np.mgrid[:2, :2, :20])
    return lay_out(
        Readings(
            persons=np.array(["one", "other"]),
            clips=np.array(["", ""]),
            kinds=np.array([[AS_IT_IS, 0]] * 2),
            sequence=sequence,
            copy=copy,
            tick=tick,
            label=np.array([1, 2])[sequence],
            spoilt=(copy == 1) & (tick < 5),
            seen=np.ones(rows, bool),
            embeddings=np.zeros((rows, 512), np.float32),
            probabilities=one_hot(*np.array([1, 2])[sequence]),
        ),
        Analysis(),
    )


def test_agreement_is_of_labels_and_total_variation_of_probabilities():
    target = np.array([[0.6, 0.4], [0.2, 0.8]])
    said = np.array([[0.5, 0.5], [0.9, 0.1]])
    assert agreement(said, target).tolist() == [1, 0]
    assert total_variation(said, target) == pytest.approx([0.1, 0.7])


def test_changes_are_counted_within_tracks_and_between_neighbours(examples):
    windows = examples.windows
    assert windows.window.reshape(4, 4).tolist() == [[0, 1, 2, 3]] * 4
    said = one_hot(0, 0, 1, 0, *[3] * 4, *[1] * 4, *[2] * 4)
    everything = np.ones(16, bool)
    # 2 changes in 12 steps of a second, and none from one track to the next.
    assert changes_a_minute(said, examples, everything, stride_s=1) == pytest.approx(10)
    assert changes_a_minute(said, examples, everything, stride_s=2) == pytest.approx(5)
    gap = windows.window != 2
    assert changes_a_minute(said, examples, gap, stride_s=1) == 0


def test_an_interval_is_wide_where_persons_differ():
    rng = np.random.default_rng(0)
    persons = np.repeat([f"p{n}" for n in range(50)], 10)
    low, high = interval(np.tile([0.0, 1.0], 250), persons, rng)
    assert low == high == 0.5
    low, high = interval(np.repeat([0.0, 1.0], 250), persons, rng)
    assert 0.3 < low < 0.45
    assert 0.55 < high < 0.7


def test_gains_are_differences_of_the_shares_that_agree(examples):
    right, wrong = examples.target, one_hot(*[5] * 16)
    half = np.where((examples.person == "one")[:, None], right, wrong)
    found = gains(half, wrong, examples)
    assert found["accuracy, clean"] == {"gain": 0.5, "low": 0.0, "high": 1.0}
    assert found["agreement, corrupted"]["gain"] == 0.5
    assert gains(right, right, examples)["accuracy, corrupted"]["high"] == 0


def test_the_winner_agrees_most_and_is_not_surely_worse_on_clean_windows():
    def method(agrees, high):
        return {"corrupted": {"agreement": agrees}, "gains": {"accuracy, clean": {"high": high}}}

    methods = {"a": method(0.8, 0.0), "b": method(0.9, 0.01), "c": method(0.99, -0.01)}
    assert winner(methods) == "b"
