"""Press and web photographs of faces, up to 160 pixels, seven expressions, mostly grey.

Read from a zip archive that holds `labels.csv` (file, emotion) and a folder `images`. Half of
the faces are neutral and two fifths smile; the labels are one person's, and noisy.
"""

import csv
import io
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np

from streamfer.errors import InputError
from trainers.corpora.faces import Faces, hold_out

CLASSES = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
"""The corpus's name of each expression, in the order of `EMOTIONS`."""

SIDE = 160


def load(source: Path) -> Faces:
    """Read the corpus into memory: grey, stretched to 160 x 160, sorted by file name.

    Raises:
        InputError: `source` is no such archive, or one of its pictures is unreadable.
    """
    images, labels, names = [], [], []
    try:
        with zipfile.ZipFile(source) as archive:
            (listing,) = (name for name in archive.namelist() if name.endswith("labels.csv"))
            folder = listing.removesuffix("labels.csv") + "images/"
            rows = csv.DictReader(io.StringIO(archive.read(listing).decode()))
            for row in sorted(rows, key=lambda row: row["file"]):
                data = np.frombuffer(archive.read(folder + row["file"]), np.uint8)
                image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
                if image is None:
                    raise InputError(f"{source}: {row['file']} is not a picture")
                images.append(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
                labels.append(CLASSES.index(row["emotion"]))
                names.append(row["file"])
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        raise InputError(f"{source} is not the archive of press faces: {error}") from error
    if not images:
        raise InputError(f"{source} lists no faces")
    return Faces(np.stack(images).astype(np.uint8), np.array(labels, np.int64), tuple(names))


def person(name: str) -> str:
    """Who a file shows: its name before the number, or all of it where there is no number."""
    stem = name.rsplit(".", 1)[0]
    return re.sub(r"_\d{4}$", "", stem)


def split(faces: Faces) -> tuple[Faces, Faces]:
    """Divide into (fitted, held out) with nobody on both sides: a fifth of the persons is held out.

    Chosen by a hash of the person's name.
    """
    return hold_out(faces, person, one_in=5)
