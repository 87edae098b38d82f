"""The settings of a fit, and its learning rates."""

import math
from itertools import pairwise

import pytest

from streamfer.errors import UsageError
from trainers.fitting.settings import Fit, Schedule, learning_rate


def rates(schedule: Schedule, steps: int = 1) -> list[float]:
    settings = Fit(epochs=6, lr=0.1, schedule=schedule, decay=0.5, pieces=3, cycles=2)
    return [learning_rate(settings, step / steps) for step in range(6 * steps)]


def test_constant_stays():
    assert rates("constant") == [0.1] * 6


def test_time_based_falls_with_each_epoch():
    assert rates("time-based") == pytest.approx([0.1 / d for d in (1, 1.5, 2, 2.5, 3, 3.5)])
    assert rates("time-based", steps=2)[:4] == pytest.approx([0.1, 0.1, 0.1 / 1.5, 0.1 / 1.5])


def test_piecewise_falls_to_a_tenth_at_each_piece():
    assert rates("piecewise") == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_cosine_falls_within_each_cycle_and_starts_again():
    cycle = [0.1, 0.05 * (1 + math.cos(math.pi / 3)), 0.05 * (1 + math.cos(2 * math.pi / 3))]
    assert rates("cosine") == pytest.approx(cycle * 2)
    fine = rates("cosine", steps=10)
    assert all(later < sooner for sooner, later in pairwise(fine[:30]))
    assert fine[30] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("epochs", 0), ("batch", 0), ("lr", 0.0), ("cycles", 0), ("momentum", -1), ("patience", 0)],
)
def test_what_makes_no_sense_is_refused_by_name(setting: str, value: float):
    with pytest.raises(UsageError, match=f"{setting} is {value}"):
        Fit(**{setting: value})


@pytest.mark.parametrize("setting", ["optimiser", "schedule", "precision"])
def test_what_there_is_not_is_refused_with_what_there_is(setting: str):
    with pytest.raises(UsageError, match=rf"{setting} is 'fancy'; there are: \w+"):
        Fit(**{setting: "fancy"})
