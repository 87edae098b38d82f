"""AffectNet (Mollahosseini et al. 2017): faces from the web, labelled by hand.

Read in both forms in which it was given out, each verified in public code that reads it:

- 2017: `training.csv` (with a header) and `validation.csv` (without), in
  `Manually_Annotated_file_lists/`; the pictures, `103/29a31ebf.jpg` and such, in
  `Manually_Annotated_Images/`; the face's box is in the list;
- 2021: `train_set/images/0.jpg` with `train_set/annotations/0_exp.npy`, and `val_set/`; the
  pictures are the faces.

The labels 0 to 6 are the seven expressions in our order, 7 is contempt, 8 to 10 are "none",
"uncertain" and "no face". The part labelled by machine is not read. Nobody is named. For
research, on request: http://mohammadmahoor.com/affectnet/.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import files
from trainers.corpora.pictures import SUFFIXES
from trainers.corpora.samples import Reading, Split, Still

NAME = "AffectNet"

LISTS: dict[str, Split] = {"training.csv": "train", "validation.csv": "development"}
FOLDERS: dict[str, Split] = {"train_set": "train", "val_set": "development"}

COLUMNS = (
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
)

SHORT = "the row has fewer columns than AffectNet's"

OTHERS = ("contempt", "none", "uncertain", "no face")


def read(root: Path) -> Reading[Still]:
    """Read the lists under `root`, or the arrays where there are no lists.

    Raises:
        InputError: `root` is no folder, or a list is another one.
    """
    gathered = files.Gathered[Still](NAME)
    lists = [path for path in files.below(root, {".csv"}) if path.name in LISTS]
    if lists:
        pictures = {f"{path.parent.name}/{path.name}": path for path in files.below(root, SUFFIXES)}
        for path in lists:
            _read_list(path, pictures, gathered)
    else:
        for path in files.below(root, {".npy"}):
            if path.stem.endswith("_exp") and path.parent.parent.name in FOLDERS:
                _read_array(path, gathered)
    return gathered.reading()


def _take(still: Still, gathered: files.Gathered[Still]) -> None:
    if 0 <= still.label < len(EMOTIONS):
        gathered.take(still)
    elif 0 <= still.label < len(EMOTIONS) + len(OTHERS):
        gathered.omit(f"labelled {OTHERS[still.label - len(EMOTIONS)]!r}", still.name)
    else:
        gathered.omit(files.UNKNOWN_LABEL, still.name)


def _read_list(path: Path, pictures: dict[str, Path], gathered: files.Gathered[Still]) -> None:
    of_the_corpus = False
    for line, cells in files.records(path):
        # validation.csv has no header.
        is_header = cells[0] == COLUMNS[0]
        of_the_corpus |= is_header or len(cells) >= len(COLUMNS)
        if not of_the_corpus or (is_header and tuple(cells[: len(COLUMNS)]) != COLUMNS):
            raise InputError(f"{path} has not AffectNet's columns")
        if len(cells) < len(COLUMNS):
            gathered.omit(SHORT, f"{path.name}, line {line}")
        elif not is_header:
            _read_row(dict(zip(COLUMNS, cells, strict=False)), LISTS[path.name], pictures, gathered)


def _read_row(
    row: dict[str, str], split: Split, pictures: dict[str, Path], gathered: files.Gathered[Still]
) -> None:
    name = row["subDirectory_filePath"]
    picture = pictures.get(name)
    if picture is None:
        gathered.omit(files.MISSING, name)
        return
    try:
        label = int(row["expression"])
    except ValueError:
        label = -1
    try:
        still = Still(NAME, name, picture, "", label, split=split, box=_box(row))
    except files.LineError as error:
        gathered.omit(str(error), name)
    else:
        _take(still, gathered)


def _box(row: dict[str, str]) -> tuple[float, float, float, float] | None:
    """The face's box; None where the list has none: it says NULL, or a size of 0."""
    cells = [row[column] for column in COLUMNS[1:5]]
    if set(cells) <= {"NULL", ""}:
        return None
    x, y, width, height = map(files.number, cells)
    return (x, y, x + width, y + height) if width > 0 and height > 0 else None


def _read_array(path: Path, gathered: files.Gathered[Still]) -> None:
    folder, number = path.parent.parent, path.stem.removesuffix("_exp")
    name = f"{folder.name}/{number}"
    picture = next(
        (p for s in (".jpg", ".png") if (p := folder / "images" / f"{number}{s}").is_file()), None
    )
    if picture is None:
        gathered.omit(files.MISSING, name)
        return
    try:
        label = int(np.load(path, allow_pickle=False).item())
    except (ValueError, OSError, EOFError):
        label = -1
    _take(Still(NAME, name, picture, "", label, split=FOLDERS[folder.name]), gathered)
