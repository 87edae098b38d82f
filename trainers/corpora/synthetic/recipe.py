"""What every layout needs to make its corpus: the faces, how many of everything, the chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from streamfer.faces.detections import Floats
from streamfer.media.picture import Picture
from trainers.corpora.faces import Faces
from trainers.corpora.synthetic.cast import Participant, cast, generator
from trainers.corpora.synthetic.film import write_video
from trainers.corpora.synthetic.looks import LOOKS, Look
from trainers.corpora.synthetic.scene import Actor, Key, record

CLIP_S = 2.4  # a recording of one expression
STILL_S = 0.2  # before the face begins to move


@dataclass(frozen=True)
class Size:
    """participants in each corpus, takes of each expression by each.

    faults: whether mistakes are planted. Of RAMAS, IEMOCAP, CREMA-D, AffWild2 and AffectNet a file
    is missing that annotations name; of RAVDESS two videos show nobody (one with sound, one
    without) and one has an emotion's code that there is not; of SAVEE one shows two people.
    """

    participants: int = 2
    takes: int = 1
    faults: bool = False


@dataclass(frozen=True)
class Recipe:
    """One corpus to be made."""

    corpus: str
    size: Size
    faces: Faces
    seed: int

    @property
    def look(self) -> Look:
        """How it is recorded."""
        return LOOKS[self.corpus]

    def cast(self, count: int) -> list[Participant]:
        """Its participants."""
        return cast(self.corpus, self.faces, count, self.size.takes, self.seed)

    def chance(self, purpose: str) -> np.random.Generator:
        """Random numbers for one purpose, whatever else has been made."""
        return generator(self.corpus, self.seed, purpose)

    def clip(self, path: Path, players: Sequence[Participant], label: int, take: int) -> None:
        """Record one expression, shown by each of `players`, from its beginning."""
        rng = self.chance(path.stem)
        actors = []
        for place, player in zip(places(len(players)), players, strict=True):
            change = player.take(label, take)
            keys = [Key(0, change.start), Key(STILL_S, change.end)]
            actors.append(Actor(keys, self.look, rng, place))
        self.film(path, record(self.look, actors, CLIP_S, rng), self.look)

    def film(
        self, path: Path, recording: Iterator[tuple[Picture, Floats]], look: Look
    ) -> list[Floats]:
        """Encode a recording; returns the boxes (actors, 4) of its pictures."""
        boxes = []

        def pictures() -> Iterator[Picture]:
            for picture, faces in recording:
                boxes.append(faces)
                yield picture

        write_video(path, pictures(), look.size, look.rate, look.codec)
        return boxes


def places(count: int) -> list[float]:
    """Where so many people stand, as shares of the picture's width."""
    return [(number + 0.5) / count for number in range(count)]
