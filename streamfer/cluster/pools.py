"""Pools of model actors, in which the requests of many workers become full batches.

While one batch is computed the next gathers, so batches grow with the load and nobody waits
for a timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import ray
from ray.actor import ActorHandle

from streamfer.config import Analysis
from streamfer.emotion.backbone import Crop, load_backbone
from streamfer.emotion.temporal.load import load_temporal
from streamfer.emotion.windows import Windows
from streamfer.faces.detections import Faces
from streamfer.faces.detector import load_detector
from streamfer.pipeline.job import Job
from streamfer.weights.runtime import Device

Task = Literal["detector", "backbone", "temporal"]

# How a GPU is shared by the three pools. They need not add up to its work, only to 1.
_GPU_SHARE: dict[Task, float] = {"detector": 0.5, "backbone": 0.4, "temporal": 0.1}


def _merged(task: Task, analysis: Analysis, device: Device) -> Callable[[list[Any]], list[Any]]:
    """A function from a list of requests to the list of their answers."""
    if task == "detector":
        detector = load_detector(analysis.detector, device, analysis.min_score)

        def detect(requests: list[list[np.ndarray]]) -> list[list[Faces]]:
            found = iter(detector.detect([picture for request in requests for picture in request]))
            return [[next(found) for _ in request] for request in requests]

        return detect
    if task == "backbone":
        backbone = load_backbone(analysis.backbone, device, weights=analysis.weights)

        def embed(requests: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
            ends = np.cumsum([len(crops) for crops in requests])[:-1]
            parts = [np.split(rows, ends) for rows in backbone.embed(np.concatenate(requests))]
            return list(zip(*parts, strict=True))

        return embed
    temporal = load_temporal(analysis, device)

    def recognise(requests: list[Windows]) -> list[np.ndarray]:
        ends = np.cumsum([len(windows) for windows in requests])[:-1]
        return np.split(temporal.recognise(Windows.concatenate(requests)), ends)

    return recognise


class ModelActor:
    """Holds one model and answers requests, all that wait at once. It has no other state."""

    def __init__(self, task: Task, analysis: Analysis, device: Device) -> None:
        cv2.setNumThreads(1)
        self._compute = _merged(task, analysis, device)
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._busy = asyncio.Lock()

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


@dataclass(frozen=True)
class PooledModels:
    """`Models` behind actors: what a segment worker calls where pools are on."""

    crop: Crop
    context_s: float
    actors: dict[Task, ActorHandle]

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Faces]:
        """See `Models`."""
        faces: list[Faces] = ray.get(self.actors["detector"].ask.remote(list(pictures)))
        return faces

    def embed(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Models`."""
        embedded: tuple[np.ndarray, np.ndarray] = ray.get(self.actors["backbone"].ask.remote(crops))
        return embedded

    def recognise(self, windows: Windows) -> np.ndarray:
        """See `Models`."""
        emotions: np.ndarray = ray.get(self.actors["temporal"].ask.remote(windows))
        return emotions


def start_pools(job: Job) -> list[PooledModels]:
    """One set of the three actors for each GPU of the cluster, or one set on its processors."""
    gpus = int(ray.cluster_resources().get("GPU", 0)) if job.device == "cuda" else 0
    # An actor of a pool has no state: it may be started again, and be asked again, at will.
    actor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, max_concurrency=1000)(
        ModelActor
    )
    return [
        PooledModels(
            job.crop,
            job.context_s,
            {
                task: actor.options(num_gpus=share if gpus else 0).remote(
                    task, job.analysis, job.device
                )
                for task, share in _GPU_SHARE.items()
            },
        )
        for _ in range(max(1, gpus))
    ]
