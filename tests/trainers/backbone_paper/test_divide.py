"""Which pictures are taught, watched and added."""

from collections import Counter
from dataclasses import replace

import pytest

from streamfer.errors import UsageError
from trainers.backbone.paper.divide import divide, minority, sample
from trainers.corpora.samples import Still


def test_an_official_division_is_kept(stills: list[Still]):
    parts = ["train", "train", "development", "test"] * 11
    split = [replace(still, split=part) for still, part in zip(stills, parts, strict=False)]
    taught, watched = divide(split)
    assert {still.split for still in taught} == {"train"}
    assert {still.split for still in watched} == {"development"}
    assert len(taught) == parts[:42].count("train")
    taught, watched = divide([still for still in split if still.split != "development"])
    assert {still.split for still in watched} == {"test"}


def test_without_one_nobody_is_on_both_sides(stills: list[Still]):
    many = [
        replace(still, participant=f"{still.participant} {i % 20}")
        for i, still in enumerate(stills * 4)
    ]
    taught, watched = divide(many)
    assert len(taught) + len(watched) == len(many)
    assert not {s.participant for s in taught} & {s.participant for s in watched}
    assert 0.1 < len(watched) / len(many) < 0.3


def test_a_corpus_that_has_only_one_side_is_told(stills: list[Still]):
    with pytest.raises(UsageError, match="squares has 42 pictures to learn from and 0 to watch"):
        divide([replace(still, split="train") for still in stills])


def test_all_but_neutral_and_happiness_are_added(stills: list[Still]):
    assert {still.label for still in minority(stills)} == {2, 3, 4, 5, 6}
    assert len(minority(stills)) == 30


def test_samples_have_the_counts_that_are_asked_for_and_follow_the_seed(stills: list[Still]):
    counts = [1, 2, 3, 4, 5, 6, 7]
    chosen = sample(stills, counts, seed=1)
    assert Counter(still.label for still in chosen) == dict(enumerate([1, 2, 3, 4, 5, 6, 6]))
    assert chosen == sample(stills, counts, seed=1)
    assert chosen != sample(stills, counts, seed=2)
    assert chosen == sorted(chosen, key=stills.index)
