"""The study in small: what is taught, with which settings, and what is measured."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from trainers import predictions
from trainers.backbone.paper import small
from trainers.backbone.paper.experiments import EXPERIMENTS
from trainers.backbone.paper.settings import SHIPPED
from trainers.corpora.samples import Still
from trainers.fitting.settings import Fit


def test_only_what_two_cores_need_is_changed():
    for number in small.experiments("random"):
        paper, made = EXPERIMENTS[number], small.small(EXPERIMENTS[number], "random", seed=3)
        overlay = small.OVERLAYS["random"]
        changed = ("epochs", "batch", "lr", "momentum")
        fit = {name: getattr(overlay, name) for name in changed} | {"precision": "bfloat16"}
        assert made == replace(paper, side=32, fit=replace(paper.fit, **fit, seed=3))


def test_the_shipped_network_stands_for_resnet_50_only():
    assert small.experiments("recognition") == [1, 2, 3, 4, 5, 6, 9]
    assert small.small(EXPERIMENTS[9], "recognition", seed=0).family == SHIPPED


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
    assert small.scores(said) == (found[1].accuracy, found[1].uar)
