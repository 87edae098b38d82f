"""Aff-Wild2 as of the ABAW competition of 2020 (Kollias and Zafeiriou): people on YouTube.

Read from the annotations as distributed, `EXPR_Set/Training_Set/*.txt` and
`EXPR_Set/Validation_Set/*.txt` (verified in public code; later years call the folders
`Train_Set` and `EXPR_Classification_Challenge` and add the class "Other", which is read too and
left out), and the videos in any folders (`batch1/`, `batch2/`). The first line of a text names
the classes, each other line is the label of one picture of the video, -1 where there is none.

A run of pictures with the same label is a clip; Table 3 counts the pictures. A text called
`X_left` or `X_right` is of one of two people in the video X (so public code has it): `Clip.region`
is that half of the picture. That the words mean its sides could not be checked on the videos. The
corpus does not name its people: a participant is one text. For research, on request:
https://ibug.doc.ic.ac.uk/resources/aff-wild2/.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import files
from trainers.corpora.samples import WHOLE, Clip, Pictures, Reading, Split

NAME = "AffWild2"
NO_CLASS = "a line of its text is the label of no class"
UNLABELLED = "the pictures have no label (-1)"

REGIONS = {"left": (0.0, 0.0, 0.5, 1.0), "right": (0.5, 0.0, 1.0, 1.0)}


def read(root: Path) -> Reading[Clip]:
    """Read all annotated stretches of the videos under `root`.

    Raises:
        InputError: `root` is no folder, or a text does not begin with the classes.
    """
    gathered = files.Gathered[Clip](NAME)
    videos = files.videos_by_name(root, gathered)
    seen = set()
    for path in files.below(root, {".txt"}):
        split = _split(path.relative_to(root))
        if split is None:
            continue
        title, _, person = path.stem.rpartition("_")
        if path.stem in videos or person not in REGIONS:
            title, person = path.stem, ""
        if path.stem in seen:
            gathered.omit(files.TWICE, path.relative_to(root).as_posix())
        elif title not in videos:
            gathered.omit(files.MISSING, path.stem)
        else:
            seen.add(path.stem)
            _gather(path, videos[title], REGIONS.get(person, WHOLE), split, gathered)
    return gathered.reading()


def _gather(
    path: Path,
    video: Path,
    region: tuple[float, float, float, float],
    split: Split,
    gathered: files.Gathered[Clip],
) -> None:
    first = 0
    for name, run in groupby(_labels(path, gathered)):
        end = first + sum(1 for _ in run)
        if name == "":
            gathered.omit(UNLABELLED, f"{path.stem}@{first}")
        elif name not in EMOTIONS:
            gathered.omit(files.NOT_OF_THE_SEVEN, f"{path.stem}@{first}")
        else:
            gathered.take(
                Clip(
                    corpus=NAME,
                    name=f"{path.stem}@{first:06}",
                    video=video,
                    label=EMOTIONS.index(name),
                    participant=path.stem,
                    span=Pictures(first, end),
                    region=region,
                    split=split,
                )
            )
        first = end


def _labels(path: Path, gathered: files.Gathered[Clip]) -> list[str]:
    """The class of each picture, in lower case; "" where there is none.

    No text with a bad line is used: which pictures its other lines are of is not certain.
    """
    header, *lines = "".join(files.lines(path)).rstrip().split("\n")
    classes = [name.strip() for name in header.lower().split(",")]
    if not set(EMOTIONS) <= set(classes):
        raise InputError(f"{path}: the first line does not name the seven expressions")
    names = {str(k): name for k, name in enumerate(classes)} | {"-1": ""}
    labels = [line.strip() for line in lines]
    bad = next((k for k, label in enumerate(labels, 2) if label not in names), None)
    if bad is not None:
        gathered.omit(NO_CLASS, f"{path.stem}, line {bad}")
        return []
    return [names[label] for label in labels]


def _split(path: Path) -> Split | None:
    """The part of the corpus that the annotations `path` belong to; None: they are others."""
    folder = path.parent.name.lower()
    if not any(part.upper().startswith("EXPR") for part in path.parts[:-1]):
        return None
    if folder.startswith("train"):
        return "train"
    return "development" if folder.startswith("valid") else None
