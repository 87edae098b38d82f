"""What all detectors that are one ONNX file have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from streamfer.faces.detections import Faces, Floats, Picture
from streamfer.faces.signature import Signature
from streamfer.weights.runtime import Device, load_network


class OnnxDetector(ABC):
    """A detector (see `streamfer.faces.detector.Detector`) that reads a file of a known kind."""

    # Axes whose stored length is wrong: see `load_network`.
    free_dims: ClassVar[tuple[int, ...]] = ()

    def __init__(self, path: Path, device: Device, min_score: float) -> None:
        network = load_network(path, device, free_dims=self.free_dims)
        self.name = path.stem
        self.sha256 = network.sha256
        self.runtime = network.runtime
        ((self._input, self._shape),) = network.input_shapes.items()
        self._network = network
        self._min_score = min_score

    @classmethod
    @abstractmethod
    def reads(cls, signature: Signature) -> bool:
        """Whether a network is of this kind."""

    @abstractmethod
    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels."""

    def _run(self, batch: Floats) -> Sequence[Floats]:
        """The network's outputs for pictures (n, 3, H, W) as it wants them, in its own order."""
        return list(self._network.run({self._input: batch}).values())
