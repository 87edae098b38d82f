"""docs/explain.md: its commands make its pictures, and its Python runs."""

import re
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from tests.commands import ROOT
from tests.trainers.explain.photographs import ADMIRAL, ASTRONAUT
from trainers.analysis.explain.photograph import read_photograph
from trainers.cli.main import app

PAGE = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
LINES = re.findall(r"^python -m trainers (explain .*)$", PAGE.replace("\\\n", ""), re.MULTILINE)
COMMANDS = [shlex.split(line) for line in LINES]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def small(path: Path) -> np.ndarray:
    return cv2.resize(read_photograph(path), (200, 200), interpolation=cv2.INTER_AREA).astype(float)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[-1])
def test_the_pictures_are_those_of_the_commands(words: list[str], folder: Path):
    for photograph in (ASTRONAUT, ADMIRAL):
        shutil.copy(photograph, folder)

    done = CliRunner().invoke(app, words)

    assert done.exit_code == 0
    shown = ROOT / "docs" / "pictures" / words[-1]
    # Another target alone is a difference of 1.6, a share of .6 instead of .5 one of 1.0.
    assert np.abs(small(folder / words[-1]) - small(shown)).mean() < 0.5


def test_the_python_of_the_page_runs(folder: Path):
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
        exec(block, names)

    assert {path.name for path in folder.iterdir()} == {
        "astronaut.png",
        "grace_hopper.jpg",
        "figure-7.png",
        "figure-9.png",
    }


def test_there_are_three_pictures():
    assert [words[-1] for words in COMMANDS] == ["grad-cam.png", "layer-cam.png", "mixture.png"]
