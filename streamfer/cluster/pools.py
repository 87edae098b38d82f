"""Pools of model actors: where they are started, and how a segment worker asks them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import ray
from ray.actor import ActorHandle
from ray.exceptions import GetTimeoutError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from streamfer.cluster.last_words import reason
from streamfer.cluster.nodes import Node
from streamfer.cluster.pool_actor import BackbonePool, DetectorPool, ModelActor, TemporalPool
from streamfer.emotion.backbone import Crop
from streamfer.emotion.windows import Windows
from streamfer.faces.detections import Faces
from streamfer.pipeline.job import Job

Task = Literal["detector", "backbone", "temporal"]

# The actor of each, and its share of a GPU, which need not be its share of the work.
_ACTORS: dict[Task, tuple[type[ModelActor], float]] = {
    "detector": (DetectorPool, 0.45),
    "backbone": (BackbonePool, 0.35),
    "temporal": (TemporalPool, 0.1),
}

SPARE_GPU = 0.1
"""What pools leave of a GPU, for a worker that brings its own models."""

# How often a request is made of a pool that dies of it, or of another's beside it.
_ASKED = 2


class PoolDiedError(Exception):
    """A pool died again and again while it had a request, or cannot be started again."""


@dataclass(frozen=True)
class PooledModels:
    """`Models` behind actors on one `node`: what a segment worker calls where pools are on.

    A pool that dies is started again by Ray, and asked again here; one that gives no answer
    for `patience_s` is killed. Methods raise PoolDiedError if that does not help.
    """

    crop: Crop
    context_s: float
    node: str
    patience_s: float
    actors: dict[Task, ActorHandle]

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Faces]:
        """See `Models`."""
        faces: list[Faces] = self._ask("detector", list(pictures))
        return faces

    def embed(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Models`."""
        embedded: tuple[np.ndarray, np.ndarray] = self._ask("backbone", crops)
        return embedded

    def recognise(self, windows: Windows) -> np.ndarray:
        """See `Models`."""
        emotions: np.ndarray = self._ask("temporal", windows)
        return emotions

    def wait(self) -> None:
        """Wait until all have their models loaded."""
        ray.get([_ready(actor) for actor in self.actors.values()])

    def _ask(self, task: Task, request: Any) -> Any:  # noqa: ANN401 - each task has types of its own
        actor = self.actors[task]
        words = ""
        for _ in range(_ASKED):
            try:
                return ray.get(actor.ask.remote(request), timeout=self.patience_s)
            except RayTaskError:
                raise  # it lives: its code failed
            except GetTimeoutError:
                words = f"it gave no answer for {self.patience_s:g} s"
                ray.kill(actor, no_restart=False)
            except RayError as error:
                words = reason(error)
            try:
                ray.get(_ready(actor))
            except RayError as error:  # its node is lost
                words = reason(error)
                break
        raise PoolDiedError(f"the {task} pool that it had asked died ({words})")


def _ready(actor: ActorHandle) -> ray.ObjectRef:
    """Answered when an actor has its model, however often it has to be started for that."""
    return actor.ready.options(max_task_retries=-1).remote()


@dataclass
class _Set:
    """The three pools of one GPU, or of one node's processors, and to how many they were given."""

    models: PooledModels
    given: int = 0


class Pools:
    """The cluster's pools: a set of three for each GPU, or for each node where there is none."""

    def __init__(self, job: Job, patience_s: float) -> None:
        self._job = job
        self._patience_s = patience_s
        self._sets: dict[str, list[_Set]] = {}

    def nearest(self, node: str, nodes: Iterable[Node]) -> PooledModels | None:
        """Those on a node itself, else those given out least; None if there are none.

        New GPUs get theirs first, and a node without where there are none; those of nodes that
        are gone are forgotten.
        """
        cuda = self._job.device == "cuda"
        alive = {one.id: one for one in nodes}
        for one in alive.values():
            if one.id not in self._sets and (cuda or one.id == node):
                count = one.gpus if cuda else 1
                self._sets[one.id] = [_Set(self._start(one.id)) for _ in range(count)]
        self._sets = {key: sets for key, sets in self._sets.items() if key in alive}
        others = [one for sets in self._sets.values() for one in sets]
        candidates = self._sets.get(node) or others
        if not candidates:
            return None
        chosen = min(candidates, key=lambda one: one.given)
        chosen.given += 1
        return chosen.models

    def _start(self, node: str) -> PooledModels:
        def start(kind: type[ModelActor], share: float) -> ActorHandle:
            # Not asked again by Ray: whoever asked does, so that a request that kills is found out.
            actor = ray.remote(
                num_cpus=0,
                num_gpus=share if job.device == "cuda" else 0,
                max_restarts=-1,
                max_task_retries=0,
                max_concurrency=1000,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            )(kind)
            return actor.remote(job.analysis, job.device)

        job = self._job
        actors = {task: start(*how) for task, how in _ACTORS.items()}
        return PooledModels(job.crop, job.context_s, node, self._patience_s, actors)
