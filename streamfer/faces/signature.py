"""Recognises what a file holds by what it makes of a picture, never by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from streamfer.errors import UsageError
from streamfer.weights.runtime import load_network

PROBE_SIDE = 64  # pixels; a whole number of cells of every known network


@dataclass(frozen=True)
class Signature:
    """The shapes of a network's outputs for one picture, in its own order.

    `size` is the picture's height and width; `fixed` says that the network takes no other.
    """

    size: tuple[int, int]
    fixed: bool
    heads: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        size = "{} x {}".format(*self.size)
        shapes = ", ".join(" x ".join(map(str, shape)) for shape in self.heads)
        taken = f"of {size} alone" if self.fixed else "of any size"
        return f"it takes pictures {taken}, and gives arrays of {shapes} for one of {size}"


def signature_of(path: Path) -> Signature:
    """Run an ONNX file on one black picture.

    Raises:
        UsageError: It is no network, or not one that takes pictures.
    """
    network = load_network(path, "cpu")
    shapes = list(network.input_shapes.values())
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] != 3:
        raise UsageError(
            f"{path} is no face detector: its inputs are {dict(network.input_shapes)}, where one "
            "of shape (n, 3, height, width) is expected."
        )
    (name,) = network.input_shapes
    height, width = (side or PROBE_SIDE for side in shapes[0][2:])
    picture = np.zeros((shapes[0][0] or 1, 3, height, width), np.float32)
    try:
        heads = tuple(head.shape for head in network.run({name: picture}).values())
    except Exception as error:  # noqa: BLE001 - the runtimes' exceptions share no base class
        raise UsageError(f"{path} cannot be run as a face detector: {error}") from None
    return Signature((height, width), None not in shapes[0][2:], heads)
