"""All six methods, by both protocols, on corpora in which expressions can be told apart."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamfer.cluster.session import session
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from tests.trainers.temporal_paper.made import made
from trainers import metrics
from trainers.predictions import Predictions
from trainers.temporal.paper.experiments import cross_validate, leave_one_corpus_out
from trainers.temporal.paper.sequences import Sequences
from trainers.temporal.paper.settings import METHODS, PROFILES, for_few_data

_FEW = for_few_data(PROFILES["paper"])
SETTINGS = replace(_FEW, fit=replace(_FEW.fit, epochs=2))


def uar(found: Predictions) -> float:
    said = found.probabilities.argmax(1)
    return metrics.uar(metrics.confusion(found.labels, said, len(EMOTIONS)))


@pytest.mark.parametrize("method", METHODS)
def test_a_method_recognises_a_corpus_that_it_was_kept_from(method: str, tmp_path: Path) -> None:
    found = leave_one_corpus_out(method, [made("A"), made("B", pictures=True)], SETTINGS, tmp_path)
    assert (found.fold == found.corpus).all()
    assert np.allclose(found.probabilities.sum(1), 1, atol=1e-5)
    clips, pictures = (found.where(found.corpus == name) for name in "AB")
    assert len(clips) == 32
    assert len(pictures) == len(made("B").own)
    assert uar(clips) > 0.9
    assert uar(pictures) > 0.9


@pytest.mark.parametrize("method", ["cnn-w", "cnn-s"])
@pytest.mark.parametrize("others", [[], [made("B", participants=1)]], ids=["alone", "with one"])
def test_what_learns_nothing_needs_no_other_corpus(
    method: str, others: list[Sequences], tmp_path: Path
) -> None:
    corpora = [made("A"), *others]
    found = leave_one_corpus_out(method, corpora, SETTINGS, tmp_path)
    whole = leave_one_corpus_out(method, [*corpora, made("C")], SETTINGS, tmp_path / "more")
    for name in {corpus.clips[0].corpus for corpus in corpora}:
        alone, among = (one.where(one.corpus == name) for one in (found, whole))
        assert (alone.sample == among.sample).all()
        assert (alone.probabilities == among.probabilities).all()
    with pytest.raises(UsageError, match=r"out takes two|one participant"):
        leave_one_corpus_out("cnn-svm", corpora, SETTINGS, tmp_path)


def test_cross_validation_measures_each_clip_once_and_by_those_who_never_saw_the_person(
    tmp_path: Path,
) -> None:
    corpus = made("SAVEE", participants=4, labels=7, each=7)
    found = cross_validate("cnn-svm", corpus, SETTINGS, tmp_path)
    assert sorted(found.sample) == sorted(clip.name for clip in corpus.clips)
    assert sorted(set(found.fold)) == [f"participants {number} of 4" for number in range(1, 5)]
    for fold in set(found.fold):
        assert len(set(found.participant[found.fold == fold])) == 1
    assert uar(found) > 0.9


def test_the_official_division_measures_its_development_part(tmp_path: Path) -> None:
    corpus = made("AffWild2", pictures=True)
    found = cross_validate("cnn-w", corpus, SETTINGS, tmp_path)
    people = {clip.participant for clip in corpus.clips if clip.split == "development"}
    assert set(found.fold) == {"official"}
    assert set(found.participant) == people


def test_a_fold_that_is_kept_is_not_done_again(tmp_path: Path) -> None:
    corpora = [made("A"), made("B"), made("C")]
    found = leave_one_corpus_out("cnn-svm", corpora, SETTINGS, tmp_path)
    kept = {path.parent.name: path for path in tmp_path.rglob("predictions.parquet")}
    assert sorted(kept) == ["A", "B", "C"]
    for path in kept.values():
        os.utime(path, (0, 0))
    kept["B"].unlink()
    again = leave_one_corpus_out("cnn-svm", corpora, SETTINGS, tmp_path)
    assert (again.probabilities == found.probabilities).all()
    assert [name for name, path in kept.items() if path.stat().st_mtime > 0] == ["B"]


def test_folds_of_other_settings_or_clips_are_refused(tmp_path: Path) -> None:
    corpora = [made("A"), made("B")]
    leave_one_corpus_out("cnn-s", corpora, SETTINGS, tmp_path)
    other = replace(SETTINGS, smoothing="9 frames")
    with pytest.raises(UsageError, match="made with smoothing = 71 frames, not 9 frames"):
        leave_one_corpus_out("cnn-s", corpora, other, tmp_path)
    with pytest.raises(UsageError, match="made with clips = "):
        leave_one_corpus_out("cnn-s", [made("A"), made("B", each=5)], SETTINGS, tmp_path)
    # What CNN-S does not depend on may be another.
    leave_one_corpus_out("cnn-s", corpora, replace(SETTINGS, dropout=0.4), tmp_path)


def test_a_method_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no method 'cnn-x'"):
        leave_one_corpus_out("cnn-x", [made("A"), made("B")], SETTINGS, tmp_path)


@pytest.mark.slow
def test_folds_side_by_side_say_what_they_say_one_after_the_other(tmp_path: Path) -> None:
    corpora = [made("A"), made("B"), made("C")]
    alone = leave_one_corpus_out("cnn-lstm", corpora, SETTINGS, tmp_path / "alone")
    with session(None, 2):
        found = leave_one_corpus_out("cnn-lstm", corpora, SETTINGS, tmp_path / "ray", workers=2)
        again = replace(SETTINGS, dropout=0.4)
        with pytest.raises(UsageError, match="made with dropout = 0"):
            leave_one_corpus_out("cnn-lstm", corpora, again, tmp_path / "ray", workers=2)
    assert (found.sample == alone.sample).all()
    assert found.probabilities == pytest.approx(alone.probabilities, abs=1e-5)
