"""`python -m trainers backbone`."""

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamfer.emotion.labels import EMOTIONS
from trainers import predictions
from trainers.cli.main import main
from trainers.corpora.samples import Still


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: object
    stdout: str
    stderr: str


Say = Callable[..., Said]


@pytest.fixture
def trainers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs a command in this process: each of its own would want seconds to import torch."""

    def say(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["trainers", "backbone", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Said(ended.value.code, *capsys.readouterr())

    return say


@pytest.fixture(scope="module")
def corpora(stills: list[Still], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two corpora of the same squares, one with an official division."""
    root = tmp_path_factory.mktemp("corpora")
    for name in ("Squares", "More"):
        (root / name).mkdir()
        with (root / name / "stills.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["picture", "label", "participant", "split"])
            for index, still in enumerate(stills):
                split = "development" if index % 3 == 0 else "train"
                table.writerow([still.source, EMOTIONS[still.label], still.participant, split])
    return root


def test_an_experiment_is_trained_and_measured(trainers: Say, corpora: Path, tmp_path: Path):
    out = tmp_path / "out"
    given = ("--root", corpora, "--base", "Squares", "--added", "More", "--out", out)
    small = ("--family", "expression-net", "--side", 32, "--epochs", 2, "--workers", 0)
    trained = trainers("train", "--experiment", 2, *given, *small)
    assert trained.code == 0, trained.stderr
    # 28 of the one, and of the other those that are neither neutral nor happiness.
    assert "48 pictures to learn from, 14 to watch" in trained.stderr
    assert trained.stdout.count("epoch ") == 3
    card = json.loads((out / "backbone.json").read_text())
    assert card["taught"] == {"Squares": 28, "More": 20}
    assert card["settings"]["minority"] is True

    said = tmp_path / "said.parquet"
    measured = trainers(
        "evaluate", out / "backbone.pt", "--root", corpora, "--corpus", "Squares", "--out", said
    )
    assert measured.code == 0, measured.stderr
    assert measured.stdout.startswith("Squares: 14 pictures, accuracy ")
    assert len(predictions.read(said)) == 14

    other = trainers("train", "--experiment", 1, *given, *small)
    assert other.code == 2
    assert "made with minority = True, not False" in other.stderr


def test_a_corpus_that_is_not_there_is_told_with_those_that_are(
    trainers: Say, corpora: Path, tmp_path: Path
):
    asked = trainers("train", "--root", corpora, "--out", tmp_path)
    assert asked.code == 2
    assert "holds no AffectNet; it holds: More, Squares." in asked.stderr
