"""`python -m trainers temporal`, from videos and a table of clips to a file for streamfer."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import streamfer
from streamfer.config import Analysis
from streamfer.errors import UsageError
from tests.trainers.temporal_paper.filmed import film
from trainers import predictions
from trainers.cli.main import app

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
