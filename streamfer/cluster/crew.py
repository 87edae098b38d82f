"""Workers as the driver sees them, and where new ones are started."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import ray
from ray.actor import ActorHandle
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from streamfer.cluster.last_words import Birth
from streamfer.cluster.nodes import Node, Nodes
from streamfer.cluster.pools import SPARE_GPU, Pools
from streamfer.cluster.worker import SegmentWorker
from streamfer.config import Execution
from streamfer.pipeline.job import ALGORITHM, Job
from streamfer.pipeline.plan import Segment
from streamfer.places import public

_STARTS = 3  # deaths of starting workers, one after the other, after which a node gets no more


@dataclass(eq=False)
class Worker:
    """A worker and what it is at.

    `only` is the segment it is for, where that is suspected of ending workers. `pool` is the
    node of the models it uses, where they are not its own. `asked` is the last question of how
    it is, `since` when it last got on, and `given` how many segments it has had.
    """

    actor: ActorHandle
    node: Node
    only: Segment | None
    pool: str | None
    asked: ray.ObjectRef
    asked_at: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.monotonic)
    birth: Birth | None = None
    segment: Segment | None = None
    result: ray.ObjectRef | None = None
    given: int = 0
    reached_s: float = -math.inf
    held_bytes: int = 0

    @property
    def stands_on(self) -> set[str]:
        """The nodes whose loss is its own."""
        return {self.node.id, self.pool or self.node.id}

    @property
    def seconds(self) -> float:
        """How far it is into its segment."""
        return max(0.0, self.reached_s)

    @property
    def awaited(self) -> ray.ObjectRef | None:
        """What it owes: a segment's result, or a sign of life if it is starting."""
        return self.asked if self.birth is None else self.result

    def came_up(self, birth: Birth) -> None:
        """Note that it is ready."""
        self.birth, self.since = birth, time.monotonic()
        self.ask()

    def ask(self) -> None:
        """Ask how far it is."""
        self.asked, self.asked_at = self.actor.reached.remote(), time.monotonic()

    def give(self, segment: Segment) -> None:
        """Have it do a segment."""
        self.segment, self.result = segment, self.actor.work.remote(segment)
        self.reached_s, self.since = -math.inf, time.monotonic()
        self.given += 1

    def free(self) -> None:
        """Note that its segment has ended."""
        self.segment = self.result = None
        self.reached_s = -math.inf

    def state(self) -> str:
        """What it is at, for a person."""
        still = f"{time.monotonic() - self.since:.0f} s"
        if self.birth is None:
            at = f"has been starting for {still}"
        elif self.segment is None:
            at = f"has had nothing to do for {still}"
        else:
            at = (
                f"is {self.seconds:.0f} s into segment {self.segment.index} of "
                f"{public(self.segment.info.path)}, and no further for {still}"
            )
        return f"  A worker on node {self.node.address} {at}."


class Crew:
    """Starts workers: as many on each node as it has cores, near the models that they use."""

    def __init__(self, job: Job, execution: Execution, nodes: Nodes) -> None:
        self._job = job
        self._count = execution.workers
        pooled = execution.pools == "on" or (execution.pools == "auto" and job.device == "cuda")
        self._pools = Pools(job, execution.stall_s / 2) if pooled else None
        self._nodes = nodes
        self._failed: Counter[str] = Counter()
        self._actor = ray.remote(max_restarts=0, concurrency_groups={"status": 1})(SegmentWorker)

    def places(self, workers: Iterable[Worker], wanted: int) -> Iterator[Node]:
        """The nodes for up to `wanted` more workers, evenly loaded."""
        there = Counter(worker.node.id for worker in workers)
        if self._count:
            wanted = min(wanted, self._count - there.total())
        usable = [node for node in self._usable() if there[node.id] < self._room(node)]
        while usable and wanted > 0:
            node = min(usable, key=lambda one: there[one.id] / self._room(one))
            yield node
            there[node.id] += 1
            wanted -= 1
            if there[node.id] == self._room(node):
                usable.remove(node)

    def rooms_for_one(self, workers: Iterable[Worker]) -> list[Node]:
        """The nodes without any worker, for one that must be alone there."""
        taken = {worker.node.id for worker in workers}
        return [node for node in self._usable(own_models=True) if node.id not in taken]

    def hire(self, node: Node, only: Segment | None = None) -> list[Worker]:
        """Start a worker on a node; none if it needs a pool and there is none at the moment.

        One that is for one segment only brings its own models.
        """
        device = self._job.device
        models, gpus = None, 0.0
        if self._pools and not only:
            models = self._pools.nearest(node.id, self._nodes.alive().values())
            if models is None:
                return []
        elif device == "cuda":
            # Ray counts ten-thousandths of a GPU: rounded up, the last worker would find no room.
            share = min(1, node.gpus / self._room(node))
            gpus = SPARE_GPU if self._pools else math.floor(share * 10_000) / 10_000
        actor = self._actor.options(
            num_cpus=1,
            num_gpus=gpus,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
        ).remote(self._job.analysis, models, device, ALGORITHM)
        return [Worker(actor, node, only, models.node if models else None, actor.born.remote())]

    def did_start(self, worker: Worker) -> None:
        """Note that a worker has come up."""
        self._failed[worker.node.id] = 0

    def did_not_start(self, worker: Worker) -> bool:
        """Note that a worker died before it was ready. Whether any node is left to try."""
        self._failed[worker.node.id] += 1
        return any(True for _ in self._usable())

    def _usable(self, *, own_models: bool = False) -> list[Node]:
        return [
            node
            for node in self._nodes.alive().values()
            if self._room(node, own_models=own_models) and self._failed[node.id] < _STARTS
        ]

    def _room(self, node: Node, *, own_models: bool = False) -> int:
        """How many workers a node has room for."""
        needs_gpu = self._job.device == "cuda" and (own_models or not self._pools)
        return 0 if needs_gpu and not node.gpus else node.cpus
