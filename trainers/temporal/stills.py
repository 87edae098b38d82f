"""Sequences out of still faces: pictures moved, turned and relit slowly, as a camera sees a face.

What neighbouring samples of a video have, still pictures lack: nearly the same face, framed a
little otherwise. Movement is put into the landmarks by which a face is cut out, so crops are
made by the same code, from the same pixels, as those of a video.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from streamfer.faces.align import align
from trainers.backbone.template import SIDE, enlarge, landmarks
from trainers.corpora.faces import Faces
from trainers.temporal.sequences import FaceSequence

TICKS = 15
KNOT_TICKS = 5  # movement is drawn once a second, and straight between

# The spread of what is drawn. Lengths are fractions of the picture's side.
TURN = np.radians(3)
ZOOM = 0.04
MOVE = 0.015
UNSTEADY = 0.004  # of each landmark, from one sample to the next
GAIN = 0.1  # of the light
PERSON_MOST = 8  # sequences of one person


def still_sequences(
    faces: Faces,
    person: Callable[[str], str],
    size: int,
    class_most: int,
    rng: np.random.Generator,
) -> list[FaceSequence]:
    """At most `class_most` sequences of each expression and `PERSON_MOST` of each person.

    Half of those whose person has another picture go over to it, of another expression where
    there is one, somewhere in the middle. Faces without landmarks are left out, since a run
    would not find them. `person` tells who a file shows; crops are `size` wide.
    """
    persons = [person(name) for name in faces.names]
    chosen = _balanced(faces.labels, persons, class_most, rng)
    partners = _partners(chosen, faces.labels, persons, rng)
    needed = np.unique([*chosen, *partners.values()])
    found, points = landmarks(faces.images[needed])
    places = dict(zip(needed[found].tolist(), points, strict=True))
    return [
        _moved(faces, persons[first], [first, partners.get(first, first)], places, size, rng)
        for first in chosen
        if first in places and partners.get(first, first) in places
    ]


def _balanced(
    labels: NDArray[np.int64], persons: list[str], class_most: int, rng: np.random.Generator
) -> list[int]:
    """Faces in random order, as many of each expression and person as are wanted."""
    classes: Counter[int] = Counter()
    people: Counter[str] = Counter()
    chosen = []
    for face in rng.permutation(len(labels)).tolist():
        if classes[labels[face]] < class_most and people[persons[face]] < PERSON_MOST:
            classes[labels[face]] += 1
            people[persons[face]] += 1
            chosen.append(face)
    return chosen


def _partners(
    chosen: list[int], labels: NDArray[np.int64], persons: list[str], rng: np.random.Generator
) -> dict[int, int]:
    """For half of the faces that have one, another face of the same person."""
    of_person = defaultdict(list)
    for face, who in enumerate(persons):
        of_person[who].append(face)
    partners = {}
    for face in chosen:
        others = [other for other in of_person[persons[face]] if other != face]
        differing = [other for other in others if labels[other] != labels[face]]
        if others and rng.random() < 0.5:
            partners[face] = int(rng.choice(differing or others))
    return partners


def _moved(
    faces: Faces,
    who: str,
    pair: list[int],
    places: dict[int, NDArray[np.float64]],
    size: int,
    rng: np.random.Generator,
) -> FaceSequence:
    ticks = np.arange(TICKS)
    change = rng.integers(TICKS // 3, TICKS - TICKS // 3)
    shown = np.where(ticks < change, *pair)
    pictures = {face: enlarge(faces.images[face]) for face in pair}
    light = 1 + GAIN * _wandering(rng)
    steps = zip(shown.tolist(), _landmarks(shown, places, rng), light, strict=True)
    crops = [
        np.clip(align(pictures[face], points[None], size)[0] * gain, 0, 255).astype(np.uint8)
        for face, points, gain in steps
    ]
    return FaceSequence(who, "", ticks, np.stack(crops), faces.labels[shown])


def _landmarks(
    shown: NDArray[np.intp], places: dict[int, NDArray[np.float64]], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Where landmarks are said to be at each tick (n, 5, 2), in pixels of the enlarged picture."""
    points = np.stack([places[face] for face in shown.tolist()]) @ [1, 1j]
    middle = points.mean(1, keepdims=True)
    turn = np.exp(ZOOM * _wandering(rng) + 1j * TURN * _wandering(rng))
    move = MOVE * (_wandering(rng) + 1j * _wandering(rng))
    unsteady = UNSTEADY * rng.normal(size=(2, *points.shape))
    points = middle + (points - middle) * turn[:, None] + move[:, None]
    points = points + unsteady[0] + 1j * unsteady[1]
    return (np.stack([points.real, points.imag], axis=2) * SIDE).astype(np.float32)


def _wandering(rng: np.random.Generator) -> NDArray[np.float64]:
    """A value for each tick, of spread 1 at the knots."""
    knots = np.arange(0, TICKS + KNOT_TICKS, KNOT_TICKS)
    return np.interp(np.arange(TICKS), knots, rng.normal(size=len(knots)))
