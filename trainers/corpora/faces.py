"""Labelled pictures of faces, as every corpus of still pictures gives them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS


@dataclass(frozen=True)
class Faces:
    """N labelled pictures.

    images: uint8 (N, S, S), grey. labels: int64 (N,), indices into `EMOTIONS`.
    names: the N file names, without folders.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def where(self, mask: NDArray[np.bool_]) -> "Faces":
        """The pictures for which the boolean `mask` (N,) is true."""
        names = tuple(name for name, chosen in zip(self.names, mask, strict=True) if chosen)
        return Faces(self.images[mask], self.labels[mask], names)

    def counts(self) -> tuple[int, ...]:
        """How many pictures each expression has, in the order of `EMOTIONS`."""
        return tuple(np.bincount(self.labels, minlength=len(EMOTIONS)).tolist())


def hold_out(faces: Faces, key: Callable[[str], str], one_in: int) -> tuple[Faces, Faces]:
    """Divide into (fitted, held out) by a hash of each name's `key`; equal keys stay together."""
    digests = (hashlib.sha256(key(name).encode()).digest() for name in faces.names)
    held_out = np.array([int.from_bytes(digest[:4]) % one_in == 0 for digest in digests])
    return faces.where(~held_out), faces.where(held_out)


def join(parts: Sequence[Faces]) -> Faces:
    """All pictures of `parts`, which must be of one size, in their order."""
    return Faces(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        sum((part.names for part in parts), ()),
    )
