"""FER2013 (Goodfellow et al. 2013): grey 48x48 faces from the web, seven expressions.

Read in any of the forms in which it goes round: the challenge's `fer2013.csv` (or
`icml_face_data.csv`: columns emotion, pixels, Usage), or a folder or zip archive of
`train/angry/*.jpg` and so on. (A table in an archive is to be unpacked: its pictures could not be
read one by one.) The parts, by their names here and there: `train`, `Training`; `public_test`,
`PublicTest`, `val` are the development set, `private_test`, `PrivateTest`, `test` the test set. (A
copy on Kaggle has `test` for both of the latter together.) Nobody is named.
FER2013's own terms apply to the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from streamfer.errors import InputError
from trainers.corpora import archives, files
from trainers.corpora.faces import Faces, hold_out
from trainers.corpora.pictures import SUFFIXES, load_grey
from trainers.corpora.samples import Reading, Split, Still

NAME = "FER2013"

FOLDERS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
"""FER2013's folder of each expression, in the order of `EMOTIONS`."""

CODES = ("6", "3", "4", "5", "2", "1", "0")
"""The number of each expression in the table, in the order of `EMOTIONS`."""

SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "public_test": "development",
    "publictest": "development",
    "val": "development",
    "validation": "development",
    "private_test": "test",
    "privatetest": "test",
    "test": "test",
}
"""The part of the corpus, by its name in lower case."""

SIDE = 48

Part = Literal["train", "public_test"]

TABLES = ("fer2013.csv", "icml_face_data.csv")


def read(source: Path) -> Reading[Still]:
    """Read the whole corpus from its table, its folder or its archive.

    Raises:
        InputError: `source` is none of them.
    """
    gathered = files.Gathered[Still](NAME)
    table = _table(source)
    if table is not None:
        _read_table(table, gathered)
        return gathered.reading()
    for path, place, member in _pictures(source):
        folder = path.parent.name.lower()
        split = SPLITS.get(path.parent.parent.name.lower())
        if split is None:
            gathered.omit(files.UNKNOWN_NAME, path.as_posix())
        elif folder not in FOLDERS:
            gathered.omit(files.UNKNOWN_LABEL, path.as_posix())
        else:
            name = "/".join(path.parts[-3:])
            label = FOLDERS.index(folder)
            gathered.take(Still(NAME, name, place, member, label, split=split))
    return gathered.reading()


def load(source: Path, part: Part) -> Faces:
    """Read one part of the corpus into memory, sorted by expression and name.

    Raises:
        InputError: `source` holds no such part, or one of its pictures is unreadable.
    """
    stills = [still for still in read(source).samples if still.split == SPLITS[part]]
    if not stills:
        raise InputError(f"{source}: no pictures in {part}/{{{','.join(FOLDERS)}}}/")
    stills.sort(key=lambda still: (still.label, PurePosixPath(still.name).name))
    images = []
    for still in stills:
        image = load_grey(still)
        if image.shape != (SIDE, SIDE):
            raise InputError(f"{source}: {still.name} is not a picture of {SIDE}x{SIDE} pixels")
        images.append(image)
    return Faces(
        np.stack(images),
        np.array([still.label for still in stills], np.int64),
        tuple(PurePosixPath(still.name).name for still in stills),
    )


def split(faces: Faces) -> tuple[Faces, Faces]:
    """Divide into (fitted, held out): about a tenth is held out, by a hash of the file name.

    FER2013 names no persons, so the same person may be on both sides.
    """
    return hold_out(faces, lambda name: name, one_in=10)


def _table(source: Path) -> Path | None:
    if source.is_dir():
        return next((path for path in files.below(source, {".csv"}) if path.name in TABLES), None)
    return source if source.suffix.lower() == ".csv" else None


def _read_table(table: Path, gathered: files.Gathered[Still]) -> None:
    for line, row in files.rows(table, ("emotion", "pixels", "Usage")):
        place = line - 2  # counted from the line below the header, as `pictures` does
        part, code = row["Usage"], row["emotion"]
        name = f"{part}_{place:05}"
        split = SPLITS.get(part.lower())
        if split is None or code not in CODES:
            gathered.omit(files.UNKNOWN_LABEL, name)
        else:
            label = CODES.index(code)
            gathered.take(Still(NAME, name, table, str(place), label, split=split))


def _pictures(source: Path) -> Iterator[tuple[PurePosixPath, Path, str]]:
    """Of each picture: its path in `source`, the file that holds it, its name therein."""
    if source.is_dir():
        for file in files.below(source, SUFFIXES):
            yield PurePosixPath(file.relative_to(source).as_posix()), file, ""
        return
    for name in archives.names(source):
        if PurePosixPath(name).name in TABLES:
            raise InputError(
                f"{source} holds {name}: unpack it, and give the table itself; move the archive "
                "out of the folder of corpora"
            )
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            yield PurePosixPath(name), source, name
