"""The network that looks at one face: 512 numbers that describe it, and seven probabilities.

A backbone is an ONNX file with input `faces`, uint8 (N, S, S, 3) RGB in 0..255, and outputs
`embedding`, float32 (N, 512), and `probabilities`, float32 (N, 7). Its metadata entry `labels`
is a JSON list of the seven emotions in streamfer's order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.weights.catalogue import resolve
from streamfer.weights.runtime import Device, Network, load_network

EMBEDDING_SIZE = 512

Embedded = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Embeddings (N, 512) and probabilities (N, 7), which sum to 1."""


@dataclass(frozen=True)
class Backbone:
    """A loaded backbone. `input_size` is S, the side of its crops in pixels."""

    name: str
    input_size: int
    network: Network

    @property
    def sha256(self) -> str:
        """That of its file."""
        return self.network.sha256

    @property
    def runtime(self) -> str:
        """What runs it; see `Network`."""
        return self.network.runtime

    def embed(self, crops: NDArray[np.uint8]) -> Embedded:
        """Look at N aligned crops, uint8 (N, S, S, 3) RGB; N may be 0."""
        outputs = self.network.run({"faces": crops})
        return outputs["embedding"], outputs["probabilities"]

    def predict(self, faces: Sequence[NDArray[np.uint8]]) -> Embedded:
        """Look at faces cut out by the caller, each uint8 (H, W, 3) RGB of any size."""
        side = (self.input_size, self.input_size)
        crops = np.empty((len(faces), *side, 3), np.uint8)
        for crop, face in zip(crops, faces, strict=True):
            crop[:] = cv2.resize(face, side, interpolation=cv2.INTER_AREA)
        return self.embed(crops)


def load_backbone(name: str, device: Device) -> Backbone:
    """Load a backbone: "default", a catalogued name, or a path to an ONNX file.

    Raises:
        UsageError: There is no such backbone, or the file is not one.
    """
    path = resolve(name, "backbone")
    network = load_network(path, device)
    try:
        size = _check(network)
    except UsageError as error:
        raise UsageError(f"{path} is not a backbone: {error}") from None
    return Backbone(path.stem, size, network)


def _check(network: Network) -> int:
    """Hold a network to the contract, and return its S."""
    try:
        labels = json.loads(network.metadata.get("labels", "null"))
    except json.JSONDecodeError:
        labels = None
    if labels != list(EMOTIONS):
        raise UsageError(f"its metadata must hold labels={json.dumps(EMOTIONS)}, not {labels}.")
    shape = network.input_shapes.get("faces")
    if list(network.input_shapes) != ["faces"] or shape is None or len(shape) != 4:
        raise UsageError("it must have one input, `faces`, of shape (N, S, S, 3).")
    _, height, width, channels = shape
    if height is None or height != width or channels != 3:
        raise UsageError(f"its input `faces` must have the shape (N, S, S, 3), not {shape}.")
    try:
        outputs = network.run({"faces": np.zeros((2, height, height, 3), np.uint8)})
    except Exception as error:  # noqa: BLE001 - runtimes raise classes of their own
        raise UsageError(f"it does not take two uint8 faces: {error}") from None
    for output, length in (("embedding", EMBEDDING_SIZE), ("probabilities", len(EMOTIONS))):
        found = outputs[output].shape if output in outputs else "no such output"
        if found != (2, length):
            raise UsageError(f"its output `{output}` must be (N, {length}); found {found}.")
    if not np.allclose(outputs["probabilities"].sum(axis=1), 1, atol=1e-4):
        raise UsageError("its output `probabilities` does not sum to 1.")
    return height
