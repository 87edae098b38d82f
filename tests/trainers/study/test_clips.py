"""Temporal predictions are kept only while what they were made from is the same."""

from dataclasses import replace

import pytest

from tests.trainers.temporal_paper.made import made
from trainers.study.clips import sequences_digest


def test_the_same_faces_are_the_same_sequences():
    assert sequences_digest(made("SAVEE")) == sequences_digest(made("SAVEE"))


@pytest.mark.parametrize("what", ["track", "tick", "embeddings", "probabilities"])
def test_other_faces_in_the_same_clips_are_other_sequences(what):
    one = made("SAVEE")
    array = getattr(one.faces, what).copy()
    array[-1] += 1
    assert len(array) == len(one.own)
    other = replace(one, faces=replace(one.faces, **{what: array}))
    assert sequences_digest(other) != sequences_digest(one)


def test_faces_that_lie_in_the_surroundings_are_other_sequences():
    one = made("SAVEE")
    assert sequences_digest(replace(one, own=~one.own)) != sequences_digest(one)
