"""The pictures that the backbone learns from and is measured on, at its size, framed two ways."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.backbone import squared
from streamfer.errors import UsageError
from streamfer.faces.align import align
from trainers.backbone.network import SIDE
from trainers.backbone.template import SIDE as ENLARGED
from trainers.backbone.template import enlarge, landmarks
from trainers.corpora.faces import Faces, join


@dataclass(frozen=True)
class Views:
    """Faces as their corpus gives them, and the same as `streamfer.faces.align` frames them.

    Both have pictures of 96 x 96 pixels and the same order. `found` (N,) says where landmarks
    were found; elsewhere both show the same.
    """

    given: Faces
    framed: Faces
    found: NDArray[np.bool_]

    @classmethod
    def of(cls, faces: Faces) -> "Views":
        """Look for the landmarks of each face; some 6 ms a face."""
        given = resized(faces)
        images = given.images.copy()
        indices, points = landmarks(faces.images)
        for index, place in zip(indices, points, strict=True):
            pixels = (place[None] * ENLARGED).astype(np.float32)
            images[index] = align(enlarge(faces.images[index]), pixels, SIDE)[0, ..., 0]
        found = np.isin(np.arange(len(faces)), indices)
        return cls(given, Faces(images, faces.labels, faces.names), found)

    def join(self, other: "Views") -> "Views":
        """The faces of both."""
        return Views(
            join([self.given, other.given]),
            join([self.framed, other.framed]),
            np.concatenate([self.found, other.found]),
        )


def resized(faces: Faces) -> Faces:
    """The faces at the backbone's size, as `Backbone.predict` makes them."""
    images = np.stack([squared(image, SIDE) for image in faces.images])
    return Faces(images, faces.labels, faces.names)


def as_crops(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Grey pictures (N, H, W) as a backbone takes them: (N, size, size, 3)."""
    grey = np.stack([squared(image, size) for image in images])
    return np.repeat(grey[..., None], 3, axis=3)


def cached(path: Path, faces: Faces) -> Views:
    """`Views.of(faces)`, kept in the file `path` from the first time on."""
    if not path.exists():
        views = Views.of(faces)
        np.savez(path, images=views.framed.images, found=views.found, names=faces.names)
        return views
    kept = np.load(path)
    if tuple(kept["names"]) != faces.names:
        raise UsageError(f"{path} holds other faces: remove it")
    return Views(resized(faces), Faces(kept["images"], faces.labels, faces.names), kept["found"])
