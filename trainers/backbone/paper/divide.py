"""Which pictures of a corpus are taught, which are watched, and which of another are added."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from trainers.corpora.samples import Still

MINORITY = tuple(range(2, len(EMOTIONS)))
"""What FER2013 adds to AffectNet (section 4.1): all but neutral and happiness."""

HELD_OUT = 5  # one participant in so many, where the corpus has no division of its own


def divide(stills: Sequence[Still]) -> tuple[list[Still], list[Still]]:
    """The pictures to learn from, and those held out to watch.

    By the corpus's own division, where it has one: train, and development (or else test). If not,
    a fifth of the participants is held out, chosen by a hash; a picture without a participant
    counts as one.

    Raises:
        UsageError: One of the two would be empty.
    """
    taught = [still for still in stills if still.split == "train"]
    watched = [still for still in stills if still.split == "development"]
    watched = watched or [still for still in stills if still.split == "test"]
    if not any(still.split for still in stills):
        taught = [still for still in stills if not _held_out(still)]
        watched = [still for still in stills if _held_out(still)]
    if not taught or not watched:
        name = stills[0].corpus if stills else "the corpus"
        raise UsageError(
            f"{name} has {len(taught)} pictures to learn from and {len(watched)} to watch: "
            "both are needed."
        )
    return taught, watched


def minority(stills: Sequence[Still]) -> list[Still]:
    """Those of another corpus that are added to the taught: the rarer expressions."""
    return [still for still in stills if still.label in MINORITY]


def sample(stills: Sequence[Still], counts: Sequence[int], seed: int) -> list[Still]:
    """So many stills of each expression, by chance; all of one that has fewer. Sorted as given."""
    random = np.random.default_rng(seed)
    labels = np.array([still.label for still in stills])
    chosen = [
        random.permutation(np.flatnonzero(labels == label))[:count]
        for label, count in enumerate(counts)
    ]
    return [stills[index] for index in sorted(np.concatenate(chosen).tolist())]


def _held_out(still: Still) -> bool:
    key = f"{still.corpus}/{still.participant or still.name}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % HELD_OUT == 0
