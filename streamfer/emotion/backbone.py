"""The network that looks at one face: 512 numbers that describe it, and seven probabilities.

A backbone is an ONNX file with input `faces`, uint8 (N, S, S, 3) RGB in 0..255, and outputs
`embedding`, float32 (N, 512), and `probabilities`, float32 (N, 7). Its metadata entry `labels`
is a JSON list of the seven emotions in streamfer's order; its entry `crop`, "aligned" (where it
is absent) or "box", says how faces are cut out for it. The paper's own backbone is a torch file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.contract import require_labels, require_outputs
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.media.rgb import require_rgb
from streamfer.weights.catalogue import resolve
from streamfer.weights.description import OfOneNetwork
from streamfer.weights.runtime import Device, Network, is_torch_file, load_network, model_name

EMBEDDING_SIZE = 512

Embedded = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Embeddings (N, 512) and probabilities (N, 7), which sum to 1."""


class Crop(NamedTuple):
    """How a backbone wants faces cut out: S pixels wide and high.

    Aligned, they are turned and framed by their landmarks; if not, they are the detector's box.
    """

    size: int
    aligned: bool


@dataclass(frozen=True)
class Backbone(OfOneNetwork):
    """A loaded backbone."""

    name: str
    crop: Crop
    network: Network

    @property
    def input_size(self) -> int:
        """S, the side of its crops in pixels."""
        return self.crop.size

    def embed(self, crops: NDArray[np.uint8]) -> Embedded:
        """Look at N crops as `crop` describes them, uint8 (N, S, S, 3) RGB; N may be 0."""
        outputs = self.network.run({"faces": crops})
        return outputs["embedding"], outputs["probabilities"]

    def predict(self, faces: Sequence[NDArray[np.uint8]]) -> Embedded:
        """Look at faces cut out by the caller, each uint8 (H, W, 3) RGB of any size.

        Raises:
            UsageError: A face is no such array.
        """
        require_rgb(faces, "face")
        crops = np.empty((len(faces), self.input_size, self.input_size, 3), np.uint8)
        for crop, face in zip(crops, faces, strict=True):
            crop[:] = squared(face, self.input_size)
        return self.embed(crops)


def squared(face: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """A picture, uint8 (H, W) or (H, W, 3), made (size, size): averaged down, or enlarged."""
    # Averaging over areas would enlarge in blocks.
    shrinks = size < max(face.shape[:2])
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized: NDArray[np.uint8] = cv2.resize(face, (size, size), interpolation=method)
    return resized


def load_backbone(
    name: str = "default", device: Device = "cpu", *, weights: str | PathLike[str] | None = None
) -> Backbone:
    """Load a backbone: "default", a catalogued name, or a path to a file of your own.

    `weights` is the file of a catalogued backbone that cannot be shipped.

    Raises:
        UsageError: There is no such backbone, or the file is not one.
    """
    called = model_name(name, "backbone", device)
    path = resolve(called, "backbone", Path(weights) if weights else None)
    network = _load(path, device)
    try:
        crop = _check(network)
    except UsageError as error:
        raise UsageError(f"{path} is not a backbone: {error}") from None
    return Backbone(name if weights else path.stem, crop, network)


def _load(path: Path, device: Device) -> Network:
    if not is_torch_file(path):
        return load_network(path, device)
    from streamfer.emotion.emo_affectnet import load_emo_affectnet  # noqa: PLC0415 - slow: torch

    return load_emo_affectnet(path, device)


def _check(network: Network) -> Crop:
    """Hold a network to the contract, and return the crop it wants."""
    require_labels(network.metadata)
    framing = network.metadata.get("crop", "aligned")
    if framing not in ("aligned", "box"):
        raise UsageError(f'its metadata has crop={framing!r}; it must be "aligned" or "box".')
    shape = network.input_shapes.get("faces")
    if list(network.input_shapes) != ["faces"] or shape is None or len(shape) != 4:
        raise UsageError("it must have one input, `faces`, of shape (N, S, S, 3).")
    _, height, width, channels = shape
    if height is None or height != width or channels != 3:
        raise UsageError(f"its input `faces` must have the shape (N, S, S, 3), not {shape}.")
    faces = {"faces": np.zeros((2, height, height, 3), np.uint8)}
    lengths = {"embedding": EMBEDDING_SIZE, "probabilities": len(EMOTIONS)}
    require_outputs(network, faces, "uint8 faces", lengths)
    return Crop(height, aligned=framing == "aligned")
