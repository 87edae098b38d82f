"""The settings of the temporal block and their profiles."""

from dataclasses import replace

import pytest

from streamfer.errors import UsageError
from trainers.temporal.paper.settings import (
    FIXED,
    METHODS,
    PROFILES,
    Temporal,
    for_few_data,
)


def test_the_paper_profile_is_what_section_4_3_prints() -> None:
    paper = PROFILES["paper"]
    assert (paper.window_s, paper.dropout, paper.smoothing) == (2.0, 0.2, "71 frames")
    assert (paper.fit.optimiser, paper.fit.lr, paper.fit.weight_decay) == ("sgd", 1e-4, 1e-3)


def test_the_released_code_repeats_the_last_face_and_drops_more() -> None:
    paper, released = PROFILES["paper"], PROFILES["released"]
    assert released == replace(paper, gaps="repeat", dropout=0.5)


def test_smoothing_in_seconds_is_the_nearest_odd_number_of_samples() -> None:
    settings = Temporal(smoothing="2.2 s")
    assert [settings.smoothing_ticks(fps) for fps in (5, 25)] == [11, 55]


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_depends_on_changes_what_is_kept_of_it(method: str) -> None:
    settings = Temporal()
    others = {
        "window_s": replace(settings, window_s=3.0),
        "gaps": replace(settings, gaps="hold"),
        "smoothing": replace(settings, smoothing="9 frames"),
        "svm_c": replace(settings, svm_c=1.0),
        "dropout": replace(settings, dropout=0.3),
        "fit": for_few_data(settings),
    }
    found = {
        name
        for name, other in others.items()
        if other.of_method(method) != settings.of_method(method)
    }
    windows = {"window_s", "gaps"}
    assert found == {
        "cnn-w": {"window_s"},
        "cnn-s": {"smoothing"},
        "cnn-svm": windows | {"svm_c"},
    }.get(method, windows | {"dropout", "fit"})


@pytest.mark.parametrize("method", METHODS)
def test_what_is_fixed_is_kept_with_what_it_changes(method: str) -> None:
    assert dict(FIXED) == {"watched_one_in": 8, "teachable_from": 0.5, "surroundings_s": 10}
    kept = Temporal().of_method(method)
    changing = FIXED if method not in {"cnn-w", "cnn-s"} else {"surroundings_s": 10}
    assert {name: kept[name] for name in FIXED.keys() & kept} == changing


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smoothing": "window"}, "must have a length"),
        ({"smoothing": "8 frames"}, "odd number from 3 to 99"),
        ({"smoothing_edge": "wrapped"}, "choose one of inside, cut"),
        ({"left_out": "half"}, "choose one of whole, official"),
        ({"class_weights": "strong"}, "choose one of inverse, none"),
        ({"gaps": "guess"}, "choose mask, hold or repeat"),
        ({"window_s": 0.5}, "whole number of sampling"),
        ({"dropout": 1.0}, "less than 1"),
        ({"svm_c": 0.0}, "above zero"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Temporal(**changes)  # type: ignore[arg-type]
