"""FER2013's table of pixels, and AffectNet's pictures with lists of faces' boxes."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from streamfer.emotion.labels import EMOTIONS
from streamfer.faces.detections import Floats
from streamfer.media.picture import Picture
from trainers.corpora.samples import Omission, Reading, Split, Still
from trainers.corpora.synthetic.cast import Participant
from trainers.corpora.synthetic.recipe import Recipe
from trainers.corpora.synthetic.scene import Actor, Key, record

# In the order of `EMOTIONS`.
FER2013_CODES = (6, 3, 4, 5, 2, 1, 0)
FER2013_PARTS: dict[str, Split] = {
    "Training": "train",
    "PublicTest": "development",
    "PrivateTest": "test",
}
AFFECTNET_COLUMNS = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height",
    "facial_landmarks", "expression", "valence", "arousal",
)  # fmt: skip
AFFECTNET_LISTS: dict[str, Split] = {"training": "train", "validation": "development"}
CONTEMPT, NO_FACE = 7, 10
TRAINING_SHARE = 2  # so many times as many people are there to learn from as in another part


def write_fer2013(root: Path, recipe: Recipe) -> Reading[Still]:
    """Write FER2013; returns what is to be read of it."""
    table = root / "fer2013.csv"
    root.mkdir(parents=True, exist_ok=True)
    stills, number = [], 0
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", "pixels", "Usage"])
        for usage, people in zip(FER2013_PARTS, _parts(recipe, len(FER2013_PARTS)), strict=True):
            for label, picture, _ in _pictures(recipe, people, usage):
                grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
                pixels = " ".join(map(str, grey.ravel().tolist()))
                writer.writerow([FER2013_CODES[label], pixels, usage])
                name = f"{usage}_{number:05}"
                split = FER2013_PARTS[usage]
                stills.append(Still("FER2013", name, table, str(number), label, split=split))
                number += 1
    return Reading("FER2013", tuple(stills))


def write_affectnet(root: Path, recipe: Recipe) -> Reading[Still]:
    """Write AffectNet; returns what is to be read of it.

    Each list has a picture of contempt and one without a face besides.
    """
    stills, omitted = [], []
    pictures = root / "Manually_Annotated" / "Manually_Annotated_Images"
    parts = _parts(recipe, len(AFFECTNET_LISTS))
    for folder, (name, people) in enumerate(zip(AFFECTNET_LISTS, parts, strict=True), 1):
        rows = []
        for number, (label, picture, box) in enumerate(_pictures(recipe, people, name)):
            path = _write_picture(pictures / str(folder), picture)
            place = f"{folder}/{path.name}"
            corner, size = box[:2].round().astype(int), (box[2:] - box[:2]).round().astype(int)
            if recipe.size.faults and number == 0:
                path.unlink()
                omitted.append(Omission("missing file", place))
            else:
                edges = [float(edge) for edge in (*corner, *(corner + size))]
                stills.append(
                    Still(
                        "AffectNet", place, path, "", label,
                        split=AFFECTNET_LISTS[name], box=(edges[0], edges[1], edges[2], edges[3]),
                    )
                )  # fmt: skip
            landmarks = ";".join(f"{value:.2f}" for value in box)
            rows.append([place, *corner, *size, landmarks, label, 0.1, 0.1])
        rows += _not_of_the_seven(pictures, folder, recipe, omitted)
        _write_list(root / "Manually_Annotated_file_lists" / f"{name}.csv", rows)
    return Reading("AffectNet", tuple(stills), tuple(omitted))


def _parts(recipe: Recipe, count: int) -> list[list[Participant]]:
    """The people of each part of the corpus, the first of which is the largest."""
    each = recipe.size.participants
    cast = recipe.cast(each * (TRAINING_SHARE + count - 1))
    rest = [cast[start : start + each] for start in range(TRAINING_SHARE * each, len(cast), each)]
    return [cast[: TRAINING_SHARE * each], *rest]


def _pictures(
    recipe: Recipe, people: Sequence[Participant], purpose: str
) -> Iterator[tuple[int, Picture, Floats]]:
    """The label, a picture and the face's box, for each person, expression and take."""
    rng = recipe.chance(purpose)
    for player in people:
        for label in range(len(EMOTIONS)):
            for take in range(recipe.size.takes):
                actor = Actor([Key(0, player.take(label, take).end)], recipe.look, rng)
                ((picture, (box,)),) = record(recipe.look, [actor], 1, rng)
                yield label, picture, box


def _write_picture(folder: Path, picture: Picture) -> Path:
    """As AffectNet does, under a name that is the digest of the content."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    content = data.tobytes()
    path = folder / f"{hashlib.sha256(content).hexdigest()[:56]}.jpg"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _not_of_the_seven(
    pictures: Path, folder: int, recipe: Recipe, omitted: list[Omission]
) -> Iterator[list[object]]:
    """Rows of two more pictures, of background only."""
    rng = recipe.chance(f"no face {folder}")
    for code in (CONTEMPT, NO_FACE):
        ((picture, _),) = record(recipe.look, [], 1, rng)
        path = _write_picture(pictures / str(folder), np.asarray(picture))
        place = f"{folder}/{path.name}"
        box = ["NULL"] * 4 if code == NO_FACE else [60, 50, 100, 110]
        yield [place, *box, "NULL", code, -2, -2]
        omitted.append(Omission("not one of the seven", place))


def _write_list(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """The list for validation came without a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        if path.stem == "training":
            writer.writerow(AFFECTNET_COLUMNS)
        writer.writerows(rows)
