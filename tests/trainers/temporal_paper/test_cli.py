"""`python -m trainers temporal`, from videos and a table of clips to a file for streamfer."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import streamfer
from streamfer.config import Analysis
from streamfer.errors import UsageError
from tests.trainers.temporal_paper.filmed import film
from trainers import predictions
from trainers.cli.main import app
from trainers.cli.temporal import chosen_settings
from trainers.temporal.paper.settings import PROFILES, for_few_data

LABELS = ("happiness", "anger")


def corpus(folder: Path, participants: int) -> None:
    """Two clips of each participant, who is one person if happy and another if angry."""
    rows = ["video,label,participant"]
    for number in range(2 * participants):
        happy = number % 2 == 0
        film(folder / f"{number}.mp4", [(2 + number / 10, happy, not happy)])
        rows.append(f"{number}.mp4,{LABELS[number % 2]},{folder.name}-{number // 2}")
    (folder / "clips.csv").write_text("\n".join(rows))


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["temporal", *map(str, arguments)])


def test_a_corpus_that_is_not_there_is_refused(tmp_path: Path) -> None:
    corpus(tmp_path / "mine", 1)
    said = call("embed", "--root", tmp_path, "--out", tmp_path / "out", "--corpus", "SAVEE")
    assert isinstance(said.exception, UsageError)
    assert "holds no SAVEE; it holds: mine" in str(said.exception)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text(
        'profile = "released"\n[temporal]\nstride_s = 0.4\nclass_weights = "none"\n'
        "[temporal.fit]\nepochs = 3\n"
    )
    return file


def test_a_file_sets_what_the_methods_leave_open(settings: Path) -> None:
    released = PROFILES["released"]
    chosen = chosen_settings(settings, None, small=False)
    assert chosen == replace(
        released, stride_s=0.4, class_weights="none", fit=replace(released.fit, epochs=3)
    )
    assert chosen_settings(settings, "paper", small=False).gaps == PROFILES["paper"].gaps
    assert chosen_settings(settings, None, small=True) == for_few_data(chosen)
    assert chosen_settings(None, None, small=False) == PROFILES["paper"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[temporal]\nstride = 1", "temporal: there is no setting 'stride'"),
        ("[temporal.fit]\nepochs = 1.5", "fit: epochs cannot be 1.5"),
        ("[analysis]\nfps = 25", r"sets more than profile and \[temporal\]"),
        ("stride_s =", "is not valid TOML"),
    ],
)
def test_a_file_that_sets_anything_else_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    said = call(
        *("loco", "cnn-w", "--root", tmp_path, "--out", tmp_path / "out"),
        *("--settings", tmp_path / "settings.toml"),
    )
    assert isinstance(said.exception, UsageError)
    assert re.search(words, str(said.exception))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_a_file_sets_is_kept_with_the_results(tmp_path: Path, settings: Path) -> None:
    corpus(tmp_path / "corpora" / "one", 1)
    given = ("--root", tmp_path / "corpora", "--out", tmp_path / "out", "--workers", "1")
    settings.write_text('[temporal]\nsmoothing = "9 frames"')
    assert call("loco", "cnn-s", *given, "--settings", settings).exception is None
    kept = tmp_path / "out" / "leave-one-corpus-out" / "cnn-s" / "one" / "settings.json"
    assert json.loads(kept.read_text())["smoothing"] == "9 frames"


@pytest.mark.slow
def test_from_videos_to_predictions_and_to_a_method_that_streamfer_runs(tmp_path: Path) -> None:
    corpus(tmp_path / "one", 3)
    corpus(tmp_path / "two", 3)
    given = ("--root", tmp_path, "--out", tmp_path / "out", "--workers", "1", "--small")

    said = call("loco", "cnn-svm", *given)
    assert said.exception is None
    assert "one: 6 of 6 clips have a face" in said.stderr
    found = predictions.read(tmp_path / "out" / "leave-one-corpus-out cnn-svm.parquet")
    assert sorted(found.corpus) == ["one"] * 6 + ["two"] * 6
    assert (found.labels == found.probabilities.argmax(1)).all()
    assert "mean UAR 100.0 %" in said.stdout

    said = call("crossval", "cnn-lstm", *given)
    assert said.exception is None
    found = predictions.read(tmp_path / "out" / "cross-validation cnn-lstm.parquet")
    assert set(found.fold) == {f"participants {number} of 3" for number in (1, 2, 3)}

    said = call("length", *given[:-1])
    assert said.exception is None
    assert "mean" in said.stdout

    file = tmp_path / "mine.onnx"
    said = call("train", "cnn-svm", *given, "--to", file)
    assert said.exception is None
    for number, label in enumerate(LABELS):
        video = tmp_path / "one" / f"{number}.mp4"
        timeline = streamfer.analyse(video, Analysis(temporal=str(file)))
        assert set(timeline["emotion"].to_pylist()) == {label}
