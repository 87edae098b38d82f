"""The files of a download, whatever folders it was unpacked into, and what comes of each.

What cannot be used costs as little as it can: a line of a table, or a file, is counted as an
`Omission`, and the others go on; a file that is not what the corpus has at its place is an
`InputError`.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Generic

from streamfer.errors import InputError
from streamfer.media.discover import VIDEO_EXTENSIONS
from trainers.corpora.samples import Omission, Reading, Sample, Seconds, Still

MISSING = "the annotations name a file that is not there"
TWICE = "given twice: the first is taken"
DEAD_LINK = "a link to a file that is not there lies in place of the video"
POINTER = "a Git LFS pointer lies in place of the video (`git lfs pull` fetches it)"
UNKNOWN_NAME = "the file's name does not follow the corpus's scheme"
UNKNOWN_LABEL = "the label is none that the corpus defines"
NOT_OF_THE_SEVEN = "the label is not one of the seven expressions"
NO_NUMBER = "what should be a number is none"
EMPTY_SPAN = "its end is not after its begin, or it begins before 0"

_POINTER = b"version https://git-lfs"


class LineError(Exception):
    """Why a line cannot be used, in the words of the `Omission` that it costs."""


class Gathered(Generic[Sample]):
    """The samples and the omissions of a corpus while it is read."""

    def __init__(self, corpus: str) -> None:
        self.corpus = corpus
        self._samples: dict[str, Sample] = {}
        self._omitted: list[Omission] = []

    def take(self, sample: Sample, where: str = "") -> None:
        """Add `sample`, unless one of its name was taken before.

        Links and `..` in the path of a clip's video are resolved, so that a video has one path
        whatever corpus or link leads to it. where: what an omission is called, if not the name.
        """
        if sample.name in self._samples:
            self.omit(TWICE, where or sample.name)
        elif isinstance(sample, Still):
            self._samples[sample.name] = sample
        else:
            self._samples[sample.name] = replace(sample, video=sample.video.resolve())

    def omit(self, reason: str, name: str) -> None:
        """Count `name` among those left out."""
        self._omitted.append(Omission(reason, name))

    def reading(self) -> Reading[Sample]:
        """All that was gathered, the samples sorted by name."""
        samples = tuple(self._samples[name] for name in sorted(self._samples))
        return Reading(self.corpus, samples, tuple(self._omitted))


def below(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """All files under `root` with these suffixes (lower case), sorted, links followed.

    A folder to which several links lead is searched once.
    What macOS leaves beside a file (`._a.avi`, `__MACOSX`) and what is hidden is passed over.

    Raises:
        InputError: `root` is no folder.
    """
    if not root.is_dir():
        raise InputError(f"{root} is not a folder")
    searched = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        if (place := os.path.realpath(folder)) in searched:
            folders.clear()
            continue
        searched.add(place)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix.lower() in suffixes:
                yield path


def videos(root: Path, gathered: Gathered[Sample]) -> Iterator[Path]:
    """All videos under `root`, sorted; what only stands for a video is omitted."""
    for path in below(root, VIDEO_EXTENSIONS):
        if not path.exists():
            gathered.omit(DEAD_LINK, path.relative_to(root).as_posix())
        elif is_pointer(path):
            gathered.omit(POINTER, path.relative_to(root).as_posix())
        else:
            yield path


def videos_by_name(root: Path, gathered: Gathered[Sample]) -> dict[str, Path]:
    """As `videos`, by the name without suffix; a second one of a name is omitted."""
    found: dict[str, Path] = {}
    for path in videos(root, gathered):
        if found.setdefault(path.stem, path) is not path:
            gathered.omit(TWICE, path.relative_to(root).as_posix())
    return found


def is_pointer(path: Path) -> bool:
    """Whether `path` is what Git leaves of a large file that it was not asked to fetch."""
    if path.stat().st_size > 1024:
        return False
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def lines(path: Path) -> Iterator[str]:
    """The lines of a text in UTF-8, with or without a byte order mark, with their ends.

    Raises:
        InputError: it is in another encoding, or cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not text in UTF-8 ({error.reason}): save it as UTF-8, which Excel calls "
            '"CSV UTF-8"'
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table that are not blank, each after the number of the line it ends in.

    Their cells are divided by commas; by semicolons where the first line has these alone.

    Raises:
        InputError: as of `lines`, or the quotes do not match.
    """
    text = lines(path)
    first = next(text, "")
    delimiter = ";" if ";" in first and "," not in first else ","
    rows = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
    try:
        yield from ((rows.line_num, row) for row in rows if row)
    except csv.Error as error:
        raise InputError(f"{path}, line {rows.line_num}: {error}") from error


def rows(path: Path, needed: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """As `records`, of a table whose first row names its columns; a cell that is not there is "".

    Raises:
        InputError: as of `records`, or one of the columns `needed` is not there.
    """
    found = records(path)
    _, header = next(found, (0, []))
    columns = [name.strip() for name in header]
    if absent := [name for name in needed if name not in columns]:
        raise InputError(f"{path} has no column {', '.join(map(repr, absent))}")
    for line, cells in found:
        yield line, dict(zip_longest(columns, cells[: len(columns)], fillvalue=""))


def number(text: str) -> float:
    """A finite number, also with a decimal comma.

    Raises:
        LineError: it is none.
    """
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise LineError(NO_NUMBER)
    return value


def seconds(start: str, end: str) -> Seconds:
    """A stretch of time.

    Raises:
        LineError: one is no number, or they enclose nothing.
    """
    span = Seconds(number(start), number(end))
    if not 0 <= span.start < span.end:
        raise LineError(EMPTY_SPAN)
    return span
