import hashlib
import zipfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from streamfer.errors import UsageError
from trainers.cli.main import app
from trainers.corpora import catalogue, press_faces
from trainers.corpora.faces import Faces
from trainers.corpora.pictures import load
from trainers.corpora.samples import Clip
from trainers.corpora.synthetic.cast import CORPORA
from trainers.corpora.synthetic.make import make
from trainers.corpora.synthetic.recipe import Size


def told(sample):
    """All that is known of a sample but its name."""
    if isinstance(sample, Clip):
        return (
            sample.video, sample.label, sample.participant, sample.session, sample.take,
            sample.span, sample.region, round(sample.confidence, 6), sample.split,
        )  # fmt: skip
    return sample.source, sample.member, sample.label, sample.split, sample.box


@pytest.mark.parametrize("name", CORPORA)
def test_each_corpus_is_read_as_it_was_made(made, name):
    """The adapter was written from public code, and so was this layout, one without the other."""
    reading = catalogue.read(name, made.folders[name])
    known = made.known[name]
    assert Counter(map(told, reading.samples)) == Counter(map(told, known.samples))
    assert len({sample.name for sample in reading.samples}) == len(known.samples)
    assert len(reading.omitted) == len(known.omitted)
    assert reading.counts() == known.counts()


def test_counts_follow_from_participants_and_takes(made):
    # RAVDESS: speech and song, with sound and without; disgust and surprise are not sung.
    assert made.known["RAVDESS"].counts() == (8, 8, 8, 4, 8, 4, 8)
    assert made.known["SAVEE"].counts() == (4, 2, 2, 2, 2, 2, 2)
    # Of CREMA-D one file is missing, and there is no surprise.
    assert made.known["CREMA-D"].counts() == (2, 2, 2, 0, 2, 2, 1)
    # Two sessions with two people each; one of RAMAS's videos is missing.
    assert made.known["IEMOCAP"].counts() == (4,) * 7
    assert made.known["RAMAS"].counts() == (3,) * 7
    # Pictures: two seconds of each expression at 30, 15 and, twice, 30 a second.
    assert made.known["AffWild2"].counts() == (60 + 30 + 60 + 60,) * 7
    assert made.known["FER2013"].counts("train") == (4,) * 7
    assert made.known["FER2013"].counts("development") == (2,) * 7
    assert made.known["AffectNet"].counts("development") == (1, 2, 2, 2, 2, 2, 2)


def test_the_catalogue_finds_all_and_takes_nothing_else_for_a_corpus(made):
    assert catalogue.found(made.root) == dict(sorted(made.folders.items()))
    assert (made.root / "README.txt").read_text().startswith("The data under this folder is SYNTH")


@pytest.mark.parametrize("name", ["FER2013", "AffectNet"])
def test_pictures_can_be_loaded(made, name):
    for still in made.known[name].samples[:10]:
        picture = load(still)
        assert picture.shape[2] == 3
        assert picture.std() > 15


def test_same_seed_same_bytes_other_seed_others(faces, tmp_path):
    size = Size(participants=1, takes=2)
    digests = [
        files(make("CREMA-D", tmp_path / str(number), size, faces, seed))
        for number, seed in enumerate([0, 0, 1])
    ]
    assert digests[0] == digests[1]
    videos = [path for path in digests[0] if path.suffix == ".flv"]
    assert len(videos) == 13  # two of each emotion, and one that divides the raters
    assert not any(digests[0][path] == digests[2][path] for path in set(videos) & set(digests[2]))


def test_a_corpus_does_not_depend_on_the_others(faces, made, tmp_path):
    again = make("SAVEE", tmp_path, Size(participants=2, takes=1, faults=True), faces)
    assert files(again) == files(made.folders["SAVEE"])


def test_more_takes_are_other_sentences(faces, tmp_path):
    folder = make("RAVDESS", tmp_path, Size(participants=1, takes=2), faces)
    clips = catalogue.read("RAVDESS", folder).samples
    happy = [clip for clip in clips if clip.label == 1]
    assert len({clip.take for clip in happy}) == 4  # two spoken, two sung
    assert len(happy) == 8  # each with sound and without


def test_what_cannot_be_made_is_refused(faces, made, tmp_path):
    with pytest.raises(UsageError, match="there already"):
        make("SAVEE", made.root, Size(), faces)
    with pytest.raises(UsageError, match=r"There is no synthetic AFEW; there are RAMAS.*AffectNet"):
        make("AFEW", tmp_path, Size(), faces)
    with pytest.raises(UsageError, match="too few faces for 19 participants"):
        make("CREMA-D", tmp_path / "many", Size(participants=19), faces)
    without = faces.where(faces.labels != 4)
    with pytest.raises(UsageError, match="no face of fear for SAVEE"):
        make("SAVEE", tmp_path / "fear", Size(), without)


def test_the_command_writes_the_corpora_that_are_asked_for(faces, tmp_path):
    press = archive(tmp_path / "press_faces.zip", faces)
    arguments = ["corpora", "synthesise", str(tmp_path / "out"), "--press", str(press)]
    arguments += ["--participants", "1", "--only", "FER2013", "--only", "AffectNet"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "FER2013: neutral 4 happiness 4" in done.output
    assert set(catalogue.found(tmp_path / "out")) == {"FER2013", "AffectNet"}


def archive(path: Path, faces: Faces) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        rows = [
            f"{name},{press_faces.CLASSES[label]}"
            for name, label in zip(faces.names, faces.labels, strict=True)
        ]
        file.writestr("press_faces/labels.csv", "\n".join(["file,emotion", *rows]))
        for name, image in zip(faces.names, faces.images, strict=True):
            data = cv2.imencode(".jpg", np.ascontiguousarray(image))[1].tobytes()
            file.writestr(f"press_faces/images/{name}", data)
    return path


def files(folder: Path) -> dict[Path, str]:
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
