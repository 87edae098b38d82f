"""The picture of a `Still`, wherever it lies: in a file, in an archive, in FER2013's table."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.errors import InputError
from trainers.corpora import archives
from trainers.corpora.samples import Still

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def load(still: Still) -> NDArray[np.uint8]:
    """Read a picture, cut to `still.box` if there is one: RGB uint8 (H, W, 3).

    Raises:
        InputError: it is missing, or not a picture, or the box lies outside it.
    """
    return cast(
        "NDArray[np.uint8]", cv2.cvtColor(_read(still, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    )


def load_grey(still: Still) -> NDArray[np.uint8]:
    """As `load`, but grey: uint8 (H, W)."""
    return _read(still, cv2.IMREAD_GRAYSCALE)


def _read(still: Still, colour: int) -> NDArray[np.uint8]:
    if still.source.suffix.lower() == ".csv":
        picture = _pixels(still)
        if colour == cv2.IMREAD_COLOR:
            picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    else:
        picture = _decoded(still, colour)
    if still.box is not None:
        height, width = picture.shape[:2]
        left, top, right, bottom = (round(side) for side in still.box)
        picture = picture[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
        if not picture.size:
            raise InputError(f"{_place(still)}: the face's box lies outside the picture")
    return picture


def _place(still: Still) -> str:
    return f"{still.source}: {still.member}" if still.member else str(still.source)


def _decoded(still: Still, colour: int) -> NDArray[np.uint8]:
    encoded = np.frombuffer(_encoded(still), np.uint8)
    try:
        decoded = cv2.imdecode(encoded, colour) if encoded.size else None
    except cv2.error:  # it claims a size that OpenCV refuses
        decoded = None
    if decoded is None:
        raise InputError(f"{_place(still)} is not a picture, or it is damaged")
    return cast("NDArray[np.uint8]", decoded)


def _encoded(still: Still) -> bytes:
    if still.member:
        return archives.read(still.source, still.member)
    try:
        return still.source.read_bytes()
    except OSError as error:
        raise InputError(f"{still.source} cannot be read: {error.strerror}") from error


def _pixels(still: Still) -> NDArray[np.uint8]:
    """A row of a table whose column `pixels` lists the grey values of a square picture."""
    try:
        column, offsets = _rows(still.source)
        with still.source.open("rb") as file:
            file.seek(offsets[int(still.member)])
            (row,) = csv.reader([file.readline().decode()])
        values = np.array(row[column].split(), np.uint8)
        side = round(len(values) ** 0.5)
        return values.reshape(side, side)
    except OSError as error:
        raise InputError(f"{still.source} cannot be read: {error.strerror}") from error
    except (ValueError, OverflowError, IndexError, csv.Error) as error:
        raise InputError(f"{_place(still)}: not the pixels of a square picture") from error


@lru_cache(maxsize=4)
def _rows(table: Path) -> tuple[int, list[int]]:
    """Which column holds the pixels, and where each row below the header begins, in bytes."""
    with table.open("rb") as file:
        header = [name.strip() for name in file.readline().decode("utf-8-sig").split(",")]
        if "pixels" not in header:
            raise InputError(f"{table} has no column pixels")
        offsets = [file.tell()]
        offsets.extend(file.tell() for _ in iter(file.readline, b""))
    return header.index("pixels"), offsets
