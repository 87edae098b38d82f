"""Where a model runs is one decision in one place: behind `Models`.

The code of a segment calls `detect`, `embed` and `recognise`. Behind them stand the networks
themselves, in the caller's process (`LocalModels`), or pools of actors on a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from streamfer.config import Analysis
from streamfer.emotion.backbone import Backbone, Crop, load_backbone
from streamfer.emotion.temporal.load import load_temporal_beside
from streamfer.emotion.temporal.method import TemporalMethod
from streamfer.emotion.windows import Windows
from streamfer.faces.detections import Faces
from streamfer.faces.detector import Detector, load_detector
from streamfer.weights.description import Described, description
from streamfer.weights.runtime import Device

if TYPE_CHECKING:
    from streamfer.sound.speech import SpeechDetector


class Models(Protocol):
    """What the code of a segment needs of the three networks."""

    @property
    def crop(self) -> Crop:
        """How faces are cut out for `embed`."""
        ...

    @property
    def context_s(self) -> float:
        """How far beyond a window the temporal method looks, seconds."""
        ...

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Faces]:
        """Faces in each uint8 RGB picture (H, W, 3), in its own pixels."""
        ...

    def embed(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings (N, 512) and probabilities (N, 7) of uint8 RGB crops (N, S, S, 3)."""
        ...

    def recognise(self, windows: Windows) -> np.ndarray:
        """The seven probabilities (W, 7) of each window."""
        ...


@dataclass(frozen=True)
class LocalModels:
    """The three models in this process, one thread each on a CPU."""

    detector: Detector
    backbone: Backbone
    temporal: TemporalMethod

    @classmethod
    def load(cls, analysis: Analysis, device: Device) -> LocalModels:
        """The models that the settings name; UsageError where one cannot be had."""
        detector = load_detector(analysis.detector, device, analysis.min_score)
        backbone = load_backbone(analysis.backbone, device, weights=analysis.weights)
        temporal = load_temporal_beside(backbone.sha256, analysis, device)
        return cls(detector, backbone, temporal)

    @property
    def crop(self) -> Crop:
        """See `Models`."""
        return self.backbone.crop

    @property
    def context_s(self) -> float:
        """See `Models`."""
        return self.temporal.context_s

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Faces]:
        """See `Models`."""
        return self.detector.detect(pictures)

    def embed(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Models`."""
        return self.backbone.embed(crops)

    def recognise(self, windows: Windows) -> np.ndarray:
        """See `Models`."""
        return self.temporal.recognise(windows)

    def describe(self) -> dict[str, dict[str, str]]:
        """The `description` of each model, by its task."""
        models: dict[str, Described] = {
            "detector": self.detector,
            "backbone": self.backbone,
            "temporal": self.temporal,
        }
        return {task: description(model) for task, model in models.items()}


def speech_detector(analysis: Analysis) -> SpeechDetector | None:
    """What finds speech, always in the worker itself; None where no sound is asked for.

    Raises:
        UsageError: Its weights cannot be had.
    """
    if not analysis.audio:
        return None
    # Imported only here: it needs torch, which takes seconds.
    from streamfer.sound.speech import load_speech_detector  # noqa: PLC0415

    return load_speech_detector()
