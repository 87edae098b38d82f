import numpy as np
import pytest

from trainers.temporal.measures import (
    agreement,
    changes_a_minute,
    figures,
    gains,
    interval,
    total_variation,
    winner,
)

LABELLED = 16  # windows: 2 people, 2 copies, 4 windows


def one_hot(*classes):
    return np.eye(7, dtype=np.float32)[list(classes)]


@pytest.fixture
def stills(three_people):
    return three_people.where(~three_people.filmed)


def test_agreement_is_of_labels_and_total_variation_of_probabilities():
    target = np.array([[0.6, 0.4], [0.2, 0.8]])
    said = np.array([[0.5, 0.5], [0.9, 0.1]])
    assert agreement(said, target).tolist() == [1, 0]
    assert total_variation(said, target) == pytest.approx([0.1, 0.7])


def test_changes_are_counted_within_tracks_and_between_neighbours(stills):
    windows = stills.windows
    assert windows.window.reshape(4, 4).tolist() == [[0, 1, 2, 3]] * 4
    said = one_hot(0, 0, 1, 0, *[3] * 4, *[1] * 4, *[2] * 4)
    everything = np.ones(LABELLED, bool)
    # 2 changes in 12 steps of a second, and none from one track to the next.
    assert changes_a_minute(said, stills, everything, stride_s=1) == pytest.approx(10)
    assert changes_a_minute(said, stills, everything, stride_s=2) == pytest.approx(5)
    gap = windows.window != 2
    assert changes_a_minute(said, stills, gap, stride_s=1) == 0


def test_an_interval_is_wide_where_persons_differ():
    rng = np.random.default_rng(0)
    persons = np.repeat([f"p{n}" for n in range(50)], 10)
    low, high = interval(np.tile([0.0, 1.0], 250), persons, rng)
    assert low == high == 0.5
    low, high = interval(np.repeat([0.0, 1.0], 250), persons, rng)
    assert 0.3 < low < 0.45
    assert 0.55 < high < 0.7


def test_gains_are_differences_of_the_shares_that_agree(stills):
    right, wrong = stills.target, one_hot(*[5] * LABELLED)
    half = np.where((stills.person == "one")[:, None], right, wrong)
    found = gains(half, wrong, stills)
    assert found["accuracy, clean"] == {"gain": 0.5, "low": 0.0, "high": 1.0}
    assert found["agreement, corrupted"]["gain"] == 0.5
    assert gains(right, right, stills)["accuracy, corrupted"]["high"] == 0


def test_figures_of_what_is_all_right_and_of_what_is_half_wrong(three_people):
    right = figures(three_people.target, three_people, stride_s=1)
    for windows in ("clean", "corrupted"):
        assert right[windows] == {
            "agreement": 1,
            "total_variation": 0,
            "agreement_with_wider": 1,
            "accuracy": 1,
            "uar": 1,
        }
    assert right["agreement_by_kind"]["blur"] == 1
    # Wrong in the windows 0 and 2 of the first person, who is half of the labelled ones.
    wrong = (three_people.person == "one") & (three_people.windows.window % 2 == 0)
    said = np.where(wrong[:, None], one_hot(5), three_people.target)
    found = figures(said, three_people, stride_s=1)
    assert found["clean"]["agreement"] == pytest.approx(10 / 12)
    assert found["clean"]["accuracy"] == pytest.approx(6 / 8)
    assert found["clean"]["uar"] == pytest.approx((0.5 + 1) / 2)
    assert found["clean"]["agreement_with_wider"] == 1
    # Only the first window of each copy holds spoilt faces.
    assert found["corrupted"]["agreement"] == pytest.approx(2 / 3)
    assert found["changes_a_minute"] == {
        "clips": {"clean": 0, "corrupted": 0},
        "stills": {"clean": 30, "corrupted": 30},
    }


def test_the_winner_agrees_most_and_is_not_surely_worse_on_clean_windows():
    def method(agrees, high):
        return {"corrupted": {"agreement": agrees}, "gains": {"accuracy, clean": {"high": high}}}

    methods = {"a": method(0.8, 0.0), "b": method(0.9, 0.01), "c": method(0.99, -0.01)}
    assert winner(methods) == "b"
