"""The study from corpora to report: of stills in seconds, of all corpora in the slow test."""

import csv
import re

import cv2
import numpy as np
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from trainers import predictions
from trainers.analysis import printed
from trainers.corpora import press_faces
from trainers.corpora.synthetic.make import make
from trainers.corpora.synthetic.recipe import Size
from trainers.study.run import run_study
from trainers.study.settings import load

STILLS = """
experiments = [1]
backbone = "default"
training_workers = 0
faces = false
[training]
family = "expression-net"
side = 32
[training.fit]
epochs = 1
batch = 16
"""


def write_stills(folder, count):
    """Grey pictures, two of each expression in each part, of which one is missing."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(count)
    with (folder / "stills.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["picture", "label", "participant", "split"])
        for i in range(count):
            name = f"{i}.png"
            if i:
                cv2.imwrite(str(folder / name), rng.integers(0, 255, (40, 40), np.uint8))
            part = "train" if i < count // 2 else "development"
            rows.writerow([name, EMOTIONS[i % 7], f"p{i}", part])


@pytest.fixture
def root(tmp_path):
    write_stills(tmp_path / "corpora" / "my|stills", 28)
    (tmp_path / "corpora" / "SAVEE").mkdir()
    return tmp_path / "corpora"


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.toml").write_text(STILLS)
    return load(tmp_path / "study.toml", {})


def test_a_study_of_stills_from_corpus_to_report_and_again(root, study, tmp_path):
    out, told = tmp_path / "report", []
    found = run_study(root, out, study, told.append)
    text = (out / "README.md").read_text(encoding="utf-8")
    assert r"| my\|stills | 27 samples |" in text
    assert "holds nothing of SAVEE" in found.absent["SAVEE"]
    assert "SAVEE: …/SAVEE holds nothing of SAVEE" in text
    assert str(tmp_path) not in text
    said = predictions.read(out / "predictions" / "experiment-1.parquet")
    assert len(said) == 14
    assert set(said.fold) == {"official"}
    accuracy = 100 * (said.probabilities.argmax(1) == said.labels).mean()
    assert re.search(rf"\| \*\*Accuracy, %\*\* \| {accuracy:.1f} \[", text)
    assert "no corpus of video is there" in text
    assert all((out / file).is_file() for file in re.findall(r"\]\(([^)]+)\)", text))

    told.clear()
    run_study(root, out, study, told.append)
    assert (out / "README.md").read_text(encoding="utf-8") == text
    assert "experiment 1: was done before" in told
    assert not [line for line in told if line.endswith("…")]


def test_no_corpus_is_a_usage_error(study, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no corpus that could be read"):
        run_study(tmp_path / "empty", tmp_path / "report", study, print)


def test_a_corpus_that_is_asked_for_must_be_there(root, tmp_path):
    study = load(None, {"corpora": ["RAMAS"]})
    with pytest.raises(UsageError, match="holds no RAMAS; it holds: SAVEE, my"):
        run_study(root, tmp_path / "report", study, print)


WHOLE = """
experiments = [1, 9]
backbone = "default"
training_workers = 0
[training]
side = 32
[training.fit]
epochs = 1
[temporal.fit]
epochs = 1
[execution]
workers = 1
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_study_of_synthetic_corpora(shared, tmp_path):
    """From .mp4 and annotation files to Table 6, with all six methods."""
    faces = press_faces.load(shared / "data" / "press_faces.zip")
    root = tmp_path / "corpora"
    for name in ("CREMA-D", "RAVDESS", "SAVEE", "AffWild2", "FER2013", "AffectNet"):
        make(name, root, Size(participants=5, takes=1, faults=True), faces)
    (tmp_path / "study.toml").write_text(WHOLE)
    study = load(tmp_path / "study.toml", {})
    found = run_study(root, tmp_path / "report", study, print)
    assert found.failed == {}
    assert set(found.left_out) == set(printed.METHODS)
    video = {"CREMA-D", "RAVDESS", "SAVEE", "AffWild2"}
    assert all(set(of) == video for of in found.left_out.values())
    assert set(found.cross_validated) == video
    assert set(found.figures) == {7, 8, 9, 10}
    assert set(found.experiments) == {1, 9}
    text = (tmp_path / "report" / "README.md").read_text(encoding="utf-8")
    assert text.index("Synthetic data") < text.index("Table 1")
    assert "RAMAS, IEMOCAP: it is not there" in text
    # The faces are recognised far above chance, so that the labels must be those of the clips.
    said = found.left_out["CNN-W"].values()
    assert np.mean([(one.probabilities.argmax(1) == one.labels).mean() for one in said]) > 0.4
