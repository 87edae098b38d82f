import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.errors import UsageError
from trainers.analysis.explain.choice import (
    clear_pair,
    contradicted,
    doubtful_pair,
    right_and_wrong,
)
from trainers.predictions import Predictions


def predictions(labels: list[int], said: list[int], sure: list[float] | None = None) -> Predictions:
    """Of samples annotated as `labels`, of which `said` has the probability `sure`."""
    count = len(labels)
    text = np.array([f"{index}" for index in range(count)])
    sureness = np.array(sure or [0.7] * count)[:, None]
    others = (1 - sureness) / 6
    probabilities = np.where(np.eye(7)[np.array(said, int)] > 0, sureness, others).astype(
        np.float32
    )
    return Predictions(text, text, text, text, np.array(labels, int), probabilities)


emotions = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=0, max_size=40)


@given(emotions, st.integers(0, 3))
def test_half_is_right_and_half_is_wrong(pairs: list[tuple[int, int]], seed: int):
    found = predictions([label for label, _ in pairs], [said for _, said in pairs])

    chosen = right_and_wrong(found, seed)

    right = [label == said for label, said in pairs]
    expected = [True] * min(4, sum(right)) + [False] * min(4, len(right) - sum(right))
    assert [right[index] for index in chosen] == expected
    assert len(set(chosen.tolist())) == len(chosen)
    np.testing.assert_array_equal(chosen, right_and_wrong(found, seed))


def test_rare_expressions_are_shown_before_frequent_ones_come_again():
    labels = [0] * 500 + [3, 4, 5]

    chosen = right_and_wrong(predictions(labels, labels), seed=1)

    assert sorted(labels[index] for index in chosen) == [0, 3, 4, 5]


def test_the_seed_decides():
    labels = [0, 1, 2, 3, 4, 5, 6] * 30
    found = predictions(labels, [0] * len(labels))

    assert right_and_wrong(found, 1).tolist() != right_and_wrong(found, 2).tolist()


def test_the_strongest_contradictions_come_first():
    found = predictions([0, 1, 2, 3], [1, 1, 3, 4], [0.5, 0.99, 0.9, 0.7])

    assert contradicted(found).tolist() == [2, 3, 0]
    assert contradicted(found, 1).tolist() == [2]


def test_a_clear_pair_is_right_and_of_two_expressions():
    found = predictions([0, 0, 0, 1, 2], [0, 0, 0, 1, 3])

    pairs = {clear_pair(found, seed) for seed in range(40)}

    assert {frozenset(pair) for pair in pairs} == {frozenset((index, 3)) for index in (0, 1, 2)}


def test_the_clear_partner_of_a_doubtful_sample_shows_something_else():
    found = predictions([5, 5, 3, 2, 1], [3, 5, 3, 2, 1], [0.9, 0.9, 0.9, 0.9, 0.9])

    assert {doubtful_pair(found, seed) for seed in range(40)} == {(0, 3), (0, 4)}


@pytest.mark.parametrize(
    ("labels", "said"), [([], []), ([1, 1], [1, 1]), ([1, 2], [2, 1]), ([1, 2], [2, 2])]
)
def test_where_there_are_no_such_pairs_it_is_said(labels: list[int], said: list[int]):
    found = predictions(labels, said)

    with pytest.raises(UsageError, match="Figure 9 needs"):
        clear_pair(found, 0)
    with pytest.raises(UsageError, match="Figure 10 needs"):
        doubtful_pair(found, 0)
