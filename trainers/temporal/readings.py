"""What a backbone says of the faces of sequences, as they are and spoilt.

To look at all of them takes minutes, and depends on nothing but the backbone: it is done once
and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.backbone import Backbone
from trainers.temporal.corrupt import KINDS, Corrupted, Crops, corrupt
from trainers.temporal.sequences import FaceSequence

AS_IT_IS = -1


@dataclass(frozen=True)
class Readings:
    """n faces of S sequences, each of which is there C times: as it is, then spoilt.

    persons and clips (S,): as in `FaceSequence`. kinds (S, C): how each copy is spoilt, an index
    into `KINDS`, or `AS_IT_IS` in the first. All others have a row for each face: sequence, copy
    and tick (n,); label (n,), see `FaceSequence`; spoilt and seen (n,), see `Corrupted`;
    embeddings (n, 512) and probabilities (n, 7), 0 where the face is not seen.
    """

    persons: NDArray[np.str_]
    clips: NDArray[np.str_]
    kinds: NDArray[np.int64]
    sequence: NDArray[np.int64]
    copy: NDArray[np.int64]
    tick: NDArray[np.int64]
    label: NDArray[np.int64]
    spoilt: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    embeddings: NDArray[np.float32]
    probabilities: NDArray[np.float32]


def read(
    sequences: Sequence[FaceSequence], backbone: Backbone, copies: int, rng: np.random.Generator
) -> Readings:
    """Show each sequence to the backbone, and `copies` of it, each spoilt in another way."""
    kinds, parts = [], []
    for number, sequence in enumerate(sequences):
        chosen = rng.permutation(len(KINDS))[:copies]
        stranger = _stranger(sequences, sequence.person, rng)
        spoilt = [corrupt(sequence.crops, KINDS[kind], stranger, rng) for kind in chosen]
        kinds.append([AS_IT_IS, *chosen])
        parts.append(_read_one(number, sequence, spoilt, backbone))
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    persons, clips = ([getattr(s, name) for s in sequences] for name in ("person", "clip"))
    return Readings(np.array(persons), np.array(clips), np.array(kinds), **rows)


def cached(path: Path, make: Callable[[], Readings]) -> Readings:
    """What `make` gives, kept in the file `path` from the first time on."""
    if path.exists():
        return Readings(**np.load(path))
    readings = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.stem + ".part.npz")
    np.savez(part, **asdict(readings))
    part.replace(path)
    return readings


def _stranger(sequences: Sequence[FaceSequence], person: str, rng: np.random.Generator) -> Crops:
    """The faces of somebody else."""
    others = [sequence for sequence in sequences if sequence.person != person]
    return others[int(rng.integers(len(others)))].crops


def _read_one(
    number: int, sequence: FaceSequence, copies: list[Corrupted], backbone: Backbone
) -> dict[str, NDArray[np.generic]]:
    """The rows of one sequence; faces that a copy leaves as they are are looked at only once."""
    length, times = len(sequence.crops), 1 + len(copies)
    never = np.zeros(length, bool)
    spoilt = np.stack([never, *(copy.spoilt for copy in copies)])
    seen = np.stack([~never, *(copy.seen for copy in copies)])
    anew = [copy.crops[copy.spoilt & copy.seen] for copy in copies]
    looked_at = backbone.embed(np.concatenate([sequence.crops, *anew]))
    rows: dict[str, NDArray[np.generic]] = {
        "sequence": np.full(length * times, number),
        "copy": np.repeat(np.arange(times), length),
        "tick": np.tile(sequence.ticks, times),
        "label": np.tile(sequence.labels, times),
        "spoilt": spoilt.ravel(),
        "seen": seen.ravel(),
    }
    for name, values in zip(("embeddings", "probabilities"), looked_at, strict=True):
        laid = np.tile(values[:length], (times, 1, 1))
        laid[spoilt & seen] = values[length:]
        laid[~seen] = 0
        rows[name] = laid.reshape(length * times, -1)
    return rows
