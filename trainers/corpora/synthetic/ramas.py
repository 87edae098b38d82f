"""RAMAS: improvised scenes filmed from near, in which experts marked from when until when.

`Data/Video_close/10dec_A01_1_close.mp4`: day, scene, and which of the two cameras.
`Annotations_by_files/10dec_A01_1_ann.csv`: a row for each second and expert, with 0 or 1 for each
emotion. `Annotations_by_emotions/data_Angry.csv`: the same as intervals, a file for each emotion.
(That a video's name ends in `_close` is a guess: only the names of the sound files are public.)
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainers.corpora.samples import Clip, Omission, Reading, Seconds
from trainers.corpora.synthetic.recipe import Recipe
from trainers.corpora.synthetic.scene import Actor, Key, record

# In the order of `EMOTIONS`.
NAMES = ("Neutral", "Happy", "Sad", "Surprised", "Scared", "Disgusted", "Angry")
COLUMNS = ("Angry", "Sad", "Disgusted", "Happy", "Scared", "Surprised", "Neutral")
MORE_COLUMNS = ("Domination", "Submission", "Shame", "Tiredness")
DAYS = ("10dec", "15dec", "20dec", "21dec", "22dec")
EXPERTS = 5
LASTING_S = 3  # an expression


@dataclass(frozen=True)
class Mark:
    """From `start` until `end`, in whole seconds, an expert sees an expression."""

    expert: int
    label: int
    start: int
    end: int


def write(root: Path, recipe: Recipe) -> Reading[Clip]:
    """Write the corpus, of two days or more; returns what is to be read of it.

    In each recording all experts but one mark the expression; the last is a second late. At the
    end comes an expression that divides them.
    """
    days = min(len(DAYS), max(2, (recipe.size.participants + 1) // 2))
    cast = recipe.cast(2 * days)
    clips, omitted = [], []
    marked: dict[str, list[Mark]] = {}
    for number, player in enumerate(cast):
        for take in range(recipe.size.takes):
            name = f"{DAYS[number // 2]}_A{take + 1:02}_{number % 2 + 1}"
            rng = recipe.chance(name)
            order = rng.permutation(len(NAMES)).tolist()
            order.append(order[0])
            marked[name] = _marks(order)
            video = root / "Data" / "Video_close" / f"{name}_close.mp4"
            if recipe.size.faults and number == 0 and take == 0:
                omitted.append(Omission("missing file", name))
                continue
            keys = [
                Key(max(0, LASTING_S * place - 0.3), player.take(label, take).end)
                for place, label in enumerate(order)
            ]
            actor = Actor([Key(0, player.neutral), *keys], recipe.look, rng)
            duration = LASTING_S * len(order) + 0.5
            recipe.film(video, record(recipe.look, [actor], duration, rng), recipe.look)
            for place, label in enumerate(order):
                start = LASTING_S * place
                if place == len(NAMES):
                    omitted.append(Omission("low agreement", name))
                    continue
                clips.append(
                    Clip(
                        "RAMAS", f"{name}@{start}", video, label,
                        participant=name.partition("_")[0], session=name.partition("_")[0],
                        take=name, span=Seconds(start, start + LASTING_S),
                        confidence=_confidence(place),
                    )
                )  # fmt: skip
    for name, marks in marked.items():
        _by_file(root / "Annotations_by_files" / f"{name}_ann.csv", marks)
    _by_emotion(root / "Annotations_by_emotions", marked)
    return Reading("RAMAS", tuple(clips), tuple(omitted))


def _marks(order: Sequence[int]) -> list[Mark]:
    """What the experts mark while the expressions come in this order; few see the last."""
    marks = []
    for place, label in enumerate(order):
        start, end = LASTING_S * place, LASTING_S * (place + 1)
        divided = place == len(NAMES)
        seeing = 2 if divided else EXPERTS - 1
        marks += [Mark(expert, label, start, end) for expert in range(seeing)]
        if not divided:
            late = start + (1 if place else 0)
            marks.append(Mark(EXPERTS - 1, label, late, end))
    return marks


def _confidence(place: int) -> float:
    """The share of the experts, on the average of the seconds; nobody is late at the first."""
    late = 1 / (EXPERTS * LASTING_S) if place else 0
    return 1 - late


def _by_file(path: Path, marks: Sequence[Mark]) -> None:
    seen = {(m.expert, m.label, second) for m in marks for second in range(m.start, m.end)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Time", *COLUMNS, *MORE_COLUMNS, "ID"])
        for second in range(max(mark.end for mark in marks)):
            for expert in range(EXPERTS):
                row = [int((expert, NAMES.index(column), second) in seen) for column in COLUMNS]
                writer.writerow([float(second), *row, *[0] * len(MORE_COLUMNS), expert + 1])


def _by_emotion(folder: Path, marked: dict[str, list[Mark]]) -> None:
    rows = defaultdict(list)
    for name, marks in marked.items():
        for mark in marks:
            rows[mark.label].append((mark.expert + 1, name, float(mark.start), float(mark.end)))
    folder.mkdir(parents=True, exist_ok=True)
    for label, column in enumerate(NAMES):
        with (folder / f"data_{column}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["ID", "File", "Start", "End", "emotion"])
            writer.writerows((*row, column) for row in sorted(rows[label]))
