"""The sequences that are fitted and those that are held out, as a backbone reads them.

Nobody is on both sides. Of the press faces a fifth of the persons is held out, the same on
whom no backbone was fitted; of the clips, those of five persons (`HELD_OUT`). FER2013 names no
persons: its training faces add expressions that the others lack, and none of it is held out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.errors import InputError, UsageError
from streamfer.media.discover import discover
from streamfer.pipeline.models import LocalModels
from trainers.corpora import fer2013, press_faces
from trainers.temporal.corrupt import KINDS
from trainers.temporal.readings import Readings, cached, read
from trainers.temporal.sequences import FaceSequence, followed, split
from trainers.temporal.stills import still_sequences

COPIES = 4  # of each fitted sequence; of one held out there is one for each kind of spoiling
CLIP_TIMES = 3  # clips are few, so they are there more often
PRESS_MOST = 200  # sequences of each expression
FER2013_MOST = 150
HELD_OUT_MOST = 150
SEED = 71


def fitted(videos: Path, press: Path, fer: Path, backbone: str, cache: Path) -> Readings:
    """What to learn from. `cache` is the folder in which readings are kept."""
    models = _models(backbone)

    def make() -> Readings:
        rng = np.random.default_rng(SEED)
        size = models.backbone.input_size
        clips, _ = split(_followed(videos, models))
        faces, _ = press_faces.split(press_faces.load(press))
        stills = still_sequences(faces, press_faces.person, size, PRESS_MOST, rng)
        faces, _ = fer2013.split(fer2013.load(fer, "train"))
        stills += still_sequences(faces, str, size, FER2013_MOST, rng)
        return read(CLIP_TIMES * clips + stills, models.backbone, COPIES, rng)

    return cached(_place(cache, "fitted", models), make)


def held_out(videos: Path, press: Path, backbone: str, cache: Path) -> Readings:
    """What to measure on: other people."""
    models = _models(backbone)

    def make() -> Readings:
        rng = np.random.default_rng(SEED + 1)
        _, clips = split(_followed(videos, models))
        _, faces = press_faces.split(press_faces.load(press))
        size = models.backbone.input_size
        stills = still_sequences(faces, press_faces.person, size, HELD_OUT_MOST, rng)
        return read(clips + stills, models.backbone, len(KINDS), rng)

    return cached(_place(cache, "held-out", models), make)


def _models(backbone: str) -> LocalModels:
    # A method that learns fits one backbone, and need not exist yet for this one.
    models = LocalModels.load(Analysis(backbone=backbone, temporal=CnnS.name), "cpu")
    if not models.backbone.crop.aligned:
        raise UsageError("Still faces are made into aligned crops, and this backbone wants boxes.")
    return models


def _place(cache: Path, part: str, models: LocalModels) -> Path:
    return cache / f"{part}-{models.backbone.sha256[:16]}.npz"


def _followed(folder: Path, models: LocalModels) -> list[FaceSequence]:
    """The faces of all videos in a folder; files that cannot be decoded are named and left out."""
    sequences = []
    for source in discover([str(folder)]).videos:
        try:
            sequences += followed(Path(source.path), Analysis(frames=True), models)
        except InputError as error:
            print(f"left out: {error}")
    return sequences
