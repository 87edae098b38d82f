"""`python -m trainers backbone`."""

import csv
import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamfer.emotion.labels import EMOTIONS
from trainers import predictions
from trainers.cli.backbone import chosen_settings
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


CHOICES = """
[training]
family = "expression-net"
side = 64
dropout = 0.5
class_weights = "logarithmic"
noise = 0.2
noise_on = "pictures"
affine = false
contrast = false
mixup = false
minority = false
resize = "nearest"

[training.fit]
epochs = 9
optimiser = "adam"
schedule = "piecewise"
weight_decay = 0.001
"""


def test_flags_lie_over_a_file_and_the_file_over_the_experiment(
    trainers: Say, corpora: Path, tmp_path: Path
):
    (tmp_path / "mine.toml").write_text(CHOICES)
    given = ("--settings", tmp_path / "mine.toml", "--side", 32, "--epochs", 1, "--workers", 0)
    trained = trainers(
        "train", "--root", corpora, "--base", "Squares", "--out", tmp_path / "out", *given
    )
    assert trained.code == 0, trained.stderr
    made = json.loads((tmp_path / "out/backbone.json").read_text())["settings"]
    asked = tomllib.loads(CHOICES)["training"]
    fit = asked.pop("fit") | {"epochs": 1}
    assert made.items() >= (asked | {"side": 32}).items()
    assert made["fit"].items() >= fit.items()
    assert (made["neurons"], made["fit"]["cycles"]) == (512, 5)  # the experiment's


def test_the_pages_example_is_read(tmp_path: Path):
    page = (Path(__file__).parents[3] / "docs/backbone-training.md").read_text("utf-8")
    (tmp_path / "mine.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    settings = chosen_settings(5, tmp_path / "mine.toml", None)
    assert (settings.neurons, settings.freezing) == (256, "up to the last convolution")
    assert (settings.fit.optimiser, settings.fit.cycles) == ("adam", 5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[training]\nsides = 64", "training (experiment 9): there is no setting 'sides'"),
        ("[training]\nfreezing = 'some'", "freezing cannot be 'some'"),
        ("methods = ['CNN-W']", "sets more than profile and [training]"),
    ],
)
def test_mistakes_in_a_file_are_named(
    trainers: Say, corpora: Path, tmp_path: Path, text: str, told: str
):
    (tmp_path / "mine.toml").write_text(text)
    asked = trainers(
        "train", "--root", corpora, "--settings", tmp_path / "mine.toml", "--out", tmp_path / "out"
    )
    assert asked.code == 2
    assert told in " ".join(asked.stderr.split())


def test_first_weights_of_a_search_are_by_family(trainers: Say, corpora: Path, tmp_path: Path):
    given = ("--root", corpora, "--base", "Squares", "--added", "More", "--out", tmp_path)
    asked = trainers("search", *given, "--initial", "first.pt")
    assert asked.code == 2
    assert "--initial is 'first.pt'; it is to be FAMILY=FILE." in asked.stderr
    asked = trainers("search", *given, "--initial", f"vgg-16={tmp_path / 'gone.h5'}")
    assert asked.code == 2
    assert "gone.h5 cannot be read" in asked.stderr
    assert "Without first weights, at random, also where frozen: resnet-50, " in asked.stderr


def test_a_corpus_that_is_not_there_is_told_with_those_that_are(
    trainers: Say, corpora: Path, tmp_path: Path
):
    asked = trainers("train", "--root", corpora, "--out", tmp_path)
    assert asked.code == 2
    assert "holds no AffectNet; it holds: More, Squares." in asked.stderr
