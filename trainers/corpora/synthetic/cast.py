"""Who plays in which corpus: persons of the press set, divided so that nobody is in two.

A participant is a cast: for each expression somebody of the set who shows it, since hardly anyone
there shows more than two. Nobody is in two participants either. Of some expressions (fear: 18
pictures) there are fewer persons than participants: then a participant's portrait is half one of
these faces, which participants of the corpus share, and half a face of their own.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.faces.detector import Detector, load_detector
from trainers.corpora.faces import Faces
from trainers.corpora.press_faces import person
from trainers.corpora.synthetic.portraits import Morph, Portrait, portrait

CORPORA = (
    "RAMAS",
    "IEMOCAP",
    "CREMA-D",
    "RAVDESS",
    "SAVEE",
    "AffWild2",
    "FER2013",
    "AffectNet",
)
NEUTRAL = EMOTIONS.index("neutral")


@dataclass(frozen=True)
class Change:
    """From one portrait to another, which shows the expression; mostly of the same person."""

    start: Portrait
    end: Portrait


@dataclass(frozen=True)
class Participant:
    """changes: for each label at least one; they are taken in turn by `take`."""

    changes: Mapping[int, Sequence[Change]]

    def take(self, label: int, number: int) -> Change:
        """How the expression is played for the `number`-th time."""
        ways = self.changes[label]
        return ways[number % len(ways)]

    @property
    def neutral(self) -> Portrait:
        """The portrait from which and to which a long recording moves."""
        return self.changes[NEUTRAL][0].end


def generator(corpus: str, seed: int, purpose: str) -> np.random.Generator:
    """Random numbers that depend on nothing but these three."""
    return np.random.default_rng([seed, zlib.crc32(f"{corpus} {purpose}".encode())])


def cast(corpus: str, faces: Faces, count: int, takes: int, seed: int) -> list[Participant]:
    """`count` participants of a corpus, each with at most `takes` portraits of an expression.

    Raises:
        UsageError: the press set has too few faces.
    """
    people = _People(faces, shares(faces, seed)[corpus], takes)
    found: list[dict[int, list[Change]]] = [{} for _ in range(count)]
    for label in _by_rarity(faces):
        for changes, drawn in zip(found, people.showing(label), strict=False):
            changes[label] = drawn
    for changes in found:
        if NEUTRAL not in changes:
            raise UsageError(f"The press set has too few faces for {count} participants.")
    for label in range(len(EMOTIONS)):
        own = [changes[label] for changes in found if label in changes]
        if not own:
            raise UsageError(f"The press set has no face of {EMOTIONS[label]} for {corpus}.")
        without = [changes for changes in found if label not in changes]
        for number, changes in enumerate(without):
            neutral = changes[NEUTRAL][0].end
            shared = own[number % len(own)][0].end
            changes[label] = [Change(neutral, Morph(neutral, shared).at(0.5))]
    return [Participant(changes) for changes in found]


class _People:
    """The persons of a share; each can be drawn once."""

    def __init__(self, faces: Faces, names: Sequence[str], takes: int) -> None:
        self._faces, self._takes = faces, takes
        self._pictures: dict[str, dict[int, list[int]]] = {
            name: defaultdict(list) for name in names
        }
        for index, name in enumerate(faces.names):
            who = person(name)
            if who in self._pictures:
                self._pictures[who][int(faces.labels[index])].append(index)
        self._detector = _detector()

    def showing(self, label: int) -> Iterator[list[Change]]:
        """Of one person after the other: the ways into an expression, at most `takes`."""
        for name in [name for name, shown in self._pictures.items() if label in shown]:
            shown = self._pictures.pop(name)
            ends = list(self._portraits(shown[label], self._takes))
            if not ends:
                continue
            others = shown[NEUTRAL] if label != NEUTRAL else shown[label][::-1]
            start = next(self._portraits(others, 1), ends[0])
            yield [Change(start, end) for end in ends]

    def _portraits(self, pictures: Sequence[int], most: int) -> Iterator[Portrait]:
        found = 0
        for index in pictures:
            made = portrait(self._faces.images[index], self._detector)
            if made is not None:
                yield made
                found += 1
            if found == most:
                return


def _by_rarity(faces: Faces) -> list[int]:
    """Labels, the one with the fewest pictures first: whoever shows it is needed there."""
    counts = faces.counts()
    return sorted(range(len(EMOTIONS)), key=lambda label: counts[label])


def shares(faces: Faces, seed: int) -> dict[str, list[str]]:
    """The persons of each corpus: who shows an expression is dealt out, the rarest first."""
    shown: dict[int, set[str]] = {label: set() for label in range(len(EMOTIONS))}
    for name, label in zip(faces.names, faces.labels.tolist(), strict=True):
        shown[label].add(person(name))
    dealt: set[str] = set()
    of: dict[str, list[str]] = {corpus: [] for corpus in CORPORA}
    rng = generator("", seed, "shares")
    for label in _by_rarity(faces):
        waiting = sorted(shown[label] - dealt)
        for number, index in enumerate(rng.permutation(len(waiting))):
            of[CORPORA[number % len(CORPORA)]].append(waiting[index])
        dealt.update(waiting)
    return of


@lru_cache(maxsize=1)
def _detector() -> Detector:
    return load_detector()
