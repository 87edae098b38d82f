"""Aff-Wild2 as of the competition of 2020: videos of people at home, a label for each picture.

`batch1/1-24-288x216.mp4` (number, pictures a second, size) and
`annotations/EXPR_Set/Training_Set/1-24-288x216.txt` or `.../Validation_Set/...`: the names of the
classes, then a line for each picture, -1 where it has no label. Of a video with two people there
are two texts, `_left` and `_right`.

One video has the name of that on which the paper's Table 2 compares face detectors, and as there
one person is in all its pictures. Where its face is, is written besides (`truth.csv`).
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from streamfer.emotion.labels import EMOTIONS
from streamfer.faces.detections import Floats
from trainers.corpora.samples import WHOLE, Clip, Omission, Pictures, Reading, Split
from trainers.corpora.synthetic.cast import Participant
from trainers.corpora.synthetic.looks import Look
from trainers.corpora.synthetic.recipe import Recipe, places
from trainers.corpora.synthetic.scene import Actor, Key, record

CLASSES = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise")
HEADER = ",".join(name.capitalize() for name in CLASSES)
RATES = (24, 15, 30, 25)
LASTING_S = 2.0  # an expression
UNLABELLED_S = 0.8  # the end of each video
SETS: dict[Split, str] = {"train": "Training_Set", "development": "Validation_Set"}
REGIONS = {"": WHOLE, "_left": (0, 0, 0.5, 1), "_right": (0.5, 0, 1, 1)}
TABLE_2 = "99-30-720x720"
HARD: dict[str, Any] = {  # what the paper chose that video for; 720 x 720 would take long
    "rate": Fraction(30),
    "size": (288, 288),
    "swing": 1.6,
    "tilt": 15.0,
    "passing": True,
    "grain": 5.0,
}

Labels = list[int]
"""Of each picture an index into `EMOTIONS`, or -1."""


def write(root: Path, recipe: Recipe) -> Reading[Clip]:
    """Write the corpus; returns what is to be read of it.

    Every participant has a video; two more are in one, which is in the development set.
    """
    count = max(2, recipe.size.participants)
    cast = recipe.cast(count + 2)
    clips, omitted = [], []
    for number, players in enumerate([*([player] for player in cast[:count]), cast[count:]]):
        rate = RATES[number % len(RATES)]
        look = dataclasses.replace(
            recipe.look,
            rate=Fraction(rate),
            wall=tuple(recipe.chance(f"wall {number}").uniform(90, 160, 3)),
        )
        name = f"{number + 1}-{rate}-{look.size[0]}x{look.size[1]}"
        if number == 0:
            name, look = TABLE_2, dataclasses.replace(look, **HARD)
        split: Split = "development" if number % 3 == 1 or len(players) > 1 else "train"
        video = root / f"batch{number % 2 + 1}" / f"{name}.mp4"
        labels, boxes = _record(recipe, video, players, look)
        if name == TABLE_2:
            write_truth(root / "truth.csv", boxes, look.rate)
        sides = ("_left", "_right") if len(players) > 1 else ("",)
        for side, shown in zip(sides, labels, strict=True):
            _annotate(root, split, f"{name}{side}", shown)
            clips += _clips(video, f"{name}{side}", shown, REGIONS[side], split)
            omitted.append(Omission("unlabelled", f"{name}{side}"))
    if recipe.size.faults:
        _annotate(root, "train", "video7", [0] * 30)
        omitted.append(Omission("missing file", "video7"))
    return Reading("AffWild2", tuple(clips), tuple(omitted))


def _record(
    recipe: Recipe, video: Path, players: Sequence[Participant], look: Look
) -> tuple[list[Labels], list[Floats]]:
    """All expressions one after the other, as often as there are takes, each actor's own way."""
    rng = recipe.chance(video.stem)
    actors, shown = [], []
    for place, player in zip(places(len(players)), players, strict=True):
        plays = [
            (label, take)
            for take in range(recipe.size.takes)
            for label in rng.permutation(len(EMOTIONS)).tolist()
        ]
        keys = [Key(0, player.neutral)] + [
            Key(max(0, LASTING_S * number - 0.25), player.take(label, take).end)
            for number, (label, take) in enumerate(plays)
        ]
        actors.append(Actor(keys, look, rng, place))
        shown.append([label for label, _ in plays])
    duration = LASTING_S * len(shown[0]) + UNLABELLED_S
    boxes = recipe.film(video, record(look, actors, duration, rng), look)
    each, end = round(LASTING_S * look.rate), len(boxes)
    labels = [[label for label in order for _ in range(each)] for order in shown]
    return [known + [-1] * (end - len(known)) for known in labels], boxes


def _clips(
    video: Path,
    name: str,
    labels: Labels,
    region: tuple[float, float, float, float],
    split: Split,
) -> list[Clip]:
    """A clip for each run of pictures with one label."""
    starts = [k for k in range(len(labels)) if k == 0 or labels[k] != labels[k - 1]]
    ends = [*starts[1:], len(labels)]
    return [
        Clip(
            "AffWild2", f"{name}@{start}", video, labels[start], participant=name,
            span=Pictures(start, end), region=region, split=split,
        )
        for start, end in zip(starts, ends, strict=True)
        if labels[start] >= 0
    ]  # fmt: skip


def _annotate(root: Path, split: Split, name: str, labels: Labels) -> None:
    numbers = [CLASSES.index(EMOTIONS[label]) if label >= 0 else -1 for label in labels]
    path = root / "annotations" / "EXPR_Set" / SETS[split] / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *map(str, numbers)]) + "\n")


def write_truth(path: Path, boxes: Sequence[Floats], rate: Fraction) -> None:
    """The boxes (people, 4) of each picture, in the form of `streamfer.faces.truth`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time_s", "x", "y", "w", "h"])
        for number, faces in enumerate(boxes):
            for x1, y1, x2, y2 in faces.tolist():
                row = [x1, y1, x2 - x1, y2 - y1]
                writer.writerow([f"{float(number / rate):.4f}", *(f"{value:.2f}" for value in row)])
