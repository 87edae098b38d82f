"""Press and web photographs of faces, up to 160 pixels, seven expressions, mostly grey.

Read from a zip archive that holds `labels.csv` (file, emotion) and a folder `images`. Half of
the faces are neutral and two fifths smile; the labels are one person's, and noisy.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import cv2
import numpy as np

from streamfer.errors import InputError
from trainers.corpora import archives, files
from trainers.corpora.faces import Faces, hold_out
from trainers.corpora.pictures import load_grey
from trainers.corpora.samples import Reading, Still

NAME = "press"

CLASSES = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
"""The corpus's name of each expression, in the order of `EMOTIONS`."""

SIDE = 160


def read(source: Path) -> Reading[Still]:
    """Read the whole corpus from its archive.

    Raises:
        InputError: `source` is no such archive.
    """
    gathered = files.Gathered[Still](NAME)
    members = set(archives.names(source))
    try:
        (listing,) = (name for name in members if name.endswith("labels.csv"))
        rows = csv.DictReader(io.StringIO(archives.read(source, listing).decode("utf-8-sig")))
        folder = listing.removesuffix("labels.csv") + "images/"
        for row in rows:
            name = row["file"]
            if row["emotion"] not in CLASSES:
                gathered.omit(files.UNKNOWN_LABEL, name)
            elif folder + name not in members:
                gathered.omit(files.MISSING, name)
            else:
                label = CLASSES.index(row["emotion"])
                gathered.take(Still(NAME, name, source, folder + name, label, person(name)))
    except (ValueError, KeyError) as error:
        raise InputError(f"{source} is not the archive of press faces: {error}") from error
    return gathered.reading()


def load(source: Path) -> Faces:
    """Read the corpus into memory: grey, stretched to 160 x 160, sorted by file name.

    Raises:
        InputError: `source` is no such archive, or one of its pictures is unreadable.
    """
    stills = read(source).samples
    if not stills:
        raise InputError(f"{source} lists no faces")
    images = [
        cv2.resize(load_grey(still), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        for still in stills
    ]
    return Faces(
        np.stack(images).astype(np.uint8),
        np.array([still.label for still in stills], np.int64),
        tuple(still.name for still in stills),
    )


def person(name: str) -> str:
    """Who a file shows: its name before the number, or all of it where there is no number."""
    stem = name.rsplit(".", 1)[0]
    return re.sub(r"_\d{4}$", "", stem)


def split(faces: Faces) -> tuple[Faces, Faces]:
    """Divide into (fitted, held out) with nobody on both sides: a fifth of the persons is held out.

    Chosen by a hash of the person's name.
    """
    return hold_out(faces, person, one_in=5)
