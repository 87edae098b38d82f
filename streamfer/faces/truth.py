"""Faces that a person marked in a video, from a CSV file.

The file has a header with at least the columns time_s, x, y, w and h, in any order; others are
passed over. A row is one face at `time_s` seconds on a player's clock: the upper left corner, the
width and the height of its box in pixels of the picture as displayed, x to the right and y down. A
picture without a face has one row with nothing but its time. Not every picture need be marked, but
of one that is, all faces.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from streamfer.errors import UsageError
from streamfer.faces.detections import Floats

COLUMNS = ("time_s", "x", "y", "w", "h")


@dataclass(frozen=True)
class Mark:
    """A row: a time in seconds, and x, y, w, h in pixels, or nothing where there is no face."""

    line: int
    time_s: float
    box: tuple[float, ...]


@dataclass(frozen=True)
class MarkedPicture:
    """All faces of the picture shown at a time: boxes float32 (n, 4), x1 y1 x2 y2 in pixels."""

    time_s: float
    boxes: Floats


def read_truth(path: Path) -> list[MarkedPicture]:
    """The marked pictures of a CSV file, by time.

    Raises:
        UsageError: The file cannot be read or used; says in which line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            marks = list(_marks(csv.DictReader(file, strict=True)))
    except OSError as error:
        raise UsageError(f"The truth {path} cannot be read: {error.strerror}.") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"The truth {path} is not CSV in UTF-8: {error}.") from None
    except ValueError as error:
        raise UsageError(f"The truth {path}, {error}.") from None
    if not marks:
        raise UsageError(f"The truth {path} has no rows.")
    marks.sort(key=lambda mark: mark.time_s)
    return [
        MarkedPicture(time, _boxes(path, list(group)))
        for time, group in groupby(marks, key=lambda mark: mark.time_s)
    ]


def _marks(rows: csv.DictReader[str]) -> Iterator[Mark]:
    """Raises ValueError, beginning with the line."""
    absent = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
    if absent:
        raise ValueError(f"line 1: there is no column {' or '.join(absent)}")
    for row in rows:
        time, *box = ((row[name] or "").strip() for name in COLUMNS)
        try:
            mark = Mark(rows.line_num, float(time), tuple(float(x) for x in box if x))
        except ValueError as error:
            raise ValueError(f"line {rows.line_num}: {error}") from None
        problem = _problem(mark)
        if problem:
            raise ValueError(f"line {rows.line_num}: {problem}")
        yield mark


def _problem(mark: Mark) -> str | None:
    if not all(map(math.isfinite, (mark.time_s, *mark.box))) or mark.time_s < 0:
        return "a number is out of range"
    if len(mark.box) not in (0, 4):
        return "of x, y, w and h there must be all, or none where there is no face"
    if mark.box and min(mark.box[2:]) < 1:
        return "a face is less than one pixel wide or high (pixels are wanted, not fractions)"
    return None


def _boxes(path: Path, marks: list[Mark]) -> Floats:
    empty = [mark for mark in marks if not mark.box]
    if empty and len(marks) > 1:
        raise UsageError(
            f"The truth {path}, line {empty[0].line}: no face at {empty[0].time_s:g} s, but "
            "another row has that time too."
        )
    boxes = np.array([mark.box for mark in marks if mark.box], np.float32).reshape(-1, 4)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
