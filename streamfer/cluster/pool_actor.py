"""The actors of pools: each holds one model, and makes full batches of many workers' requests.

While one batch is computed the next gathers, so batches grow with the load and nobody waits
for a timer.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.temporal.load import load_temporal
from streamfer.emotion.windows import Windows
from streamfer.faces.detections import Faces
from streamfer.faces.detector import load_detector
from streamfer.weights.runtime import Device

Compute = Callable[[list[Any]], list[Any]]
"""From a list of requests to the list of their answers."""


class ModelActor(ABC):
    """Holds one model and answers requests, all that wait at once. It has no other state."""

    def __init__(self, analysis: Analysis, device: Device) -> None:
        cv2.setNumThreads(1)
        self._compute = self._load(analysis, device)
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._busy = asyncio.Lock()

    @staticmethod
    @abstractmethod
    def _load(analysis: Analysis, device: Device) -> Compute: ...

    async def ready(self) -> bool:
        """An answer says that the model is loaded."""
        return True

    async def ask(self, request: Any) -> Any:  # noqa: ANN401 - each task has types of its own
        """The answer to one request; it may share a batch with others."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        async with self._busy:
            if not answer.done():
                batch, self._waiting = self._waiting, []
                await self._answer(batch)
        return await answer

    async def _answer(self, batch: list[tuple[Any, asyncio.Future[Any]]]) -> None:
        requests = [request for request, _ in batch]
        try:
            results = await asyncio.to_thread(self._compute, requests)
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            # One bad request must not fail its neighbours: each is tried by itself.
            for one in batch:
                await self._answer([one])
            return
        for (_, answer), result in zip(batch, results, strict=True):
            answer.set_result(result)


class DetectorPool(ModelActor):
    """Asked with pictures; answers with the faces in each."""

    @staticmethod
    def _load(analysis: Analysis, device: Device) -> Compute:
        detector = load_detector(analysis.detector, device, analysis.min_score)

        def detect(requests: list[list[np.ndarray]]) -> list[list[Faces]]:
            found = iter(detector.detect([picture for request in requests for picture in request]))
            return [[next(found) for _ in request] for request in requests]

        return detect


class BackbonePool(ModelActor):
    """Asked with crops; answers with their embeddings and probabilities."""

    @staticmethod
    def _load(analysis: Analysis, device: Device) -> Compute:
        backbone = load_backbone(analysis.backbone, device, weights=analysis.weights)

        def embed(requests: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
            ends = np.cumsum([len(crops) for crops in requests])[:-1]
            parts = [np.split(rows, ends) for rows in backbone.embed(np.concatenate(requests))]
            return list(zip(*parts, strict=True))

        return embed


class TemporalPool(ModelActor):
    """Asked with windows; answers with their probabilities."""

    @staticmethod
    def _load(analysis: Analysis, device: Device) -> Compute:
        temporal = load_temporal(analysis, device)

        def recognise(requests: list[Windows]) -> list[np.ndarray]:
            ends = np.cumsum([len(windows) for windows in requests])[:-1]
            return np.split(temporal.recognise(Windows.concatenate(requests)), ends)

        return recognise
