"""FER2013 (Goodfellow et al. 2013): grey 48x48 faces from the web, seven expressions.

Read from a zip archive or an unpacked folder with `train/` and `public_test/`, each holding one
folder of JPEG files for each expression. FER2013's own terms apply to the pictures.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

import cv2
import numpy as np

from streamfer.errors import InputError
from trainers.corpora.faces import Faces, hold_out

FOLDERS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
"""FER2013's folder of each expression, in the order of `EMOTIONS`."""

SIDE = 48

Part = Literal["train", "public_test"]


def load(source: Path, part: Part) -> Faces:
    """Read one part of the corpus into memory, sorted by expression and name.

    Raises:
        InputError: `source` holds no such part, or one of its pictures is unreadable.
    """
    images, labels, names = [], [], []
    for path, data in _files(source, part):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        if image is None or image.shape != (SIDE, SIDE):
            raise InputError(f"{source}: {path} is not a picture of {SIDE}x{SIDE} pixels")
        images.append(image)
        labels.append(FOLDERS.index(path.parent.name))
        names.append(path.name)
    if not images:
        raise InputError(f"{source}: no pictures in {part}/{{{','.join(FOLDERS)}}}/*.jpg")
    order = sorted(range(len(names)), key=lambda i: (labels[i], names[i]))
    return Faces(
        np.stack(images)[order].astype(np.uint8),
        np.array(labels, np.int64)[order],
        tuple(names[i] for i in order),
    )


def split(faces: Faces) -> tuple[Faces, Faces]:
    """Divide into (fitted, held out): about a tenth is held out, by a hash of the file name.

    FER2013 names no persons, so the same person may be on both sides.
    """
    return hold_out(faces, lambda name: name, one_in=10)


def _files(source: Path, part: Part) -> Iterator[tuple[PurePosixPath, bytes]]:
    if source.is_dir():
        for file in source.rglob("*.jpg"):
            path = PurePosixPath(file.relative_to(source).as_posix())
            if _belongs(path, part):
                yield path, file.read_bytes()
        return
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{source}: neither a folder nor a zip archive ({error})") from error
    with archive:
        for name in archive.namelist():
            if _belongs(path := PurePosixPath(name), part):
                yield path, archive.read(name)


def _belongs(path: PurePosixPath, part: Part) -> bool:
    return path.suffix == ".jpg" and path.parts[-3:-1] in {(part, folder) for folder in FOLDERS}
