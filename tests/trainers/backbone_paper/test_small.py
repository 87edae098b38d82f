"""The study in small: what is taught, with which settings, and what is measured."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trainers import predictions
from trainers.backbone.paper import small
from trainers.backbone.paper.experiments import EXPERIMENTS
from trainers.corpora.samples import Still
from trainers.fitting.settings import Fit


@pytest.mark.parametrize(
    ("start", "changed", "fit"),
    [
        ("random", {"side": 32}, {"epochs": 2, "batch": 16}),
        ("recognition", {"side": 96, "family": "expression-net"}, {"epochs": 6, "batch": 32}),
    ],
)
def test_only_what_two_cores_need_is_changed(
    start: small.Start, changed: dict[str, Any], fit: dict[str, int]
):
    for number in small.experiments(start):
        paper, made = EXPERIMENTS[number], small.small(EXPERIMENTS[number], start, seed=3)
        fitted = replace(paper.fit, lr=0.001, momentum=0.9, precision="bfloat16", seed=3, **fit)
        assert made == replace(paper, fit=fitted, **changed)


def test_the_shipped_network_stands_for_resnet_50_only():
    assert small.experiments("recognition") == [1, 2, 3, 4, 5, 6, 9]


def test_thinning_keeps_the_shares_of_the_expressions(stills: list[Still]):
    many = [replace(still, name=f"{i}") for i, still in enumerate(stills * 100)]
    kept = small.thinned(many, seed=0)
    assert Counter(still.label for still in kept) == dict.fromkeys(range(7), small.TAUGHT // 7 + 1)
    assert small.thinned(stills, seed=0) == stills


def test_a_network_is_measured_on_both_corpora(
    stills: list[Still], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(small, "OVERLAYS", {"recognition": Fit(epochs=1, batch=20)})
    divided = [
        replace(still, split="train" if i % 2 else "development") for i, still in enumerate(stills)
    ]
    corpora = {"FER2013": divided, "press": divided[:20]}
    found = small.cross(corpora, "FER2013", "recognition", 0, tmp_path, None)
    assert [(one.taught, one.measured, one.measured_pictures) for one in found] == [
        ("FER2013", "FER2013", 21),
        ("FER2013", "press", 10),
    ]
    said = predictions.read(tmp_path / "press.parquet")
    assert set(said.fold) == {"taught FER2013"}
    assert small.scores(said) == (found[1].uar, found[1].accuracy)


def test_an_experiment_is_also_measured_where_early_stopping_did_not_see(
    stills: list[Still], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(small, "OVERLAYS", {"recognition": Fit(epochs=1, batch=20)})
    monkeypatch.setattr(small, "WATCHED_EACH", 1)
    divided = [
        replace(still, split="train" if i % 2 else "development") for i, still in enumerate(stills)
    ]
    row = small.experiment(1, "recognition", 0, divided, [], tmp_path, None)
    assert (row.measured, row.unwatched) == (21, 14)
    said = predictions.read(tmp_path / "predictions.parquet")
    right = said.labels == said.probabilities.argmax(1)
    assert row.accuracy == round(100 * right.mean(), 1)
    watched = {still.name for still in small.seen(divided[::2])}
    others = [name not in watched for name in said.sample]
    assert row.unwatched_accuracy == round(100 * right[others].mean(), 1)
