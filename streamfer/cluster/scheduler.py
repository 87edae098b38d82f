"""Hands segments to workers, and gives a segment another try when its worker dies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence

import ray
from ray.exceptions import RayError, RayTaskError

from streamfer.cluster.attempts import ALONE_AFTER, MAX_ATTEMPTS, Attempts
from streamfer.cluster.crew import Crew, Worker
from streamfer.cluster.last_words import last_words, reason
from streamfer.cluster.nodes import Nodes
from streamfer.cluster.pools import PoolDiedError
from streamfer.cluster.queue import Queue
from streamfer.cluster.watchdog import Watchdog
from streamfer.errors import FatalError, InputError
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Lost, Outcome, Working
from streamfer.store.work import Failure

_POLL_S = 0.5


class Scheduler:
    """Keeps a crew's workers busy until every segment has an outcome.

    A worker without media progress for `stall_s` seconds is killed; that, like a death of its
    own, is one of its segment's attempts. A segment that has had two is kept back until there
    is nothing else to do, and then has a node to itself, and a fresh process with its own
    models: a third death is surely its own fault, and loses it. Raises FatalError when no
    worker comes up, and when nothing at all progresses.

    `given` counts the segments handed out, those that are done again included.
    """

    def __init__(
        self, crew: Crew, nodes: Nodes, segments: Sequence[Segment], stall_s: float
    ) -> None:
        self._crew = crew
        self._nodes = nodes
        self._left = len(segments)
        self._queue = Queue(segments)
        self._stall_s = stall_s
        self._watchdog = Watchdog(stall_s)
        self._workers: list[Worker] = []
        self._kept_back: deque[Segment] = deque()
        self._attempts = Attempts()
        self._late: set[str] = set()
        self.given = 0

    def run(self) -> Iterator[Outcome]:
        """Outcomes as they come, and between them how far the rest has got."""
        watched = time.monotonic()
        while self._left:
            self._staff()
            outcomes = self._collect()
            watching = time.monotonic() - watched >= _POLL_S
            if watching:
                watched = time.monotonic()
                outcomes += self._watch()
            if outcomes:
                self._watchdog.note_progress()
            # So that nobody is idle while those are committed.
            self._hand_out()
            self._left -= len(outcomes)
            yield from outcomes
            if watching:
                yield Working(
                    sum(worker.seconds for worker in self._workers),
                    queued=len(self._queue) + len(self._kept_back),
                    held_bytes=sum(worker.held_bytes for worker in self._workers),
                )

    def _staff(self) -> None:
        """Start the workers that there is work for."""
        alone = any(worker.only for worker in self._workers)
        at_work = any(worker.segment for worker in self._workers)
        if self._queue and not alone:
            unused = sum(worker.segment is None for worker in self._workers)
            for node in self._crew.places(self._workers, len(self._queue) - unused):
                self._workers += self._crew.hire(node)
        elif self._kept_back and not self._queue and (alone or not at_work):
            self._staff_alone()

    def _staff_alone(self) -> None:
        """Give each node one segment that was kept back, and nothing else."""
        for worker in [one for one in self._workers if not one.only]:
            self._dismiss(worker)
        rooms = self._crew.rooms_for_one(self._workers)
        nodes = {node.id for node in rooms}
        for node in rooms:
            for segment in self._kept_back:
                if self._queue.may_go(segment, node.id, nodes):
                    self._workers += self._crew.hire(node, only=segment)
                    self._kept_back.remove(segment)
                    break

    def _hand_out(self) -> None:
        """Give every idle worker a segment."""
        nodes = self._staffed()
        for worker in self._workers:
            if worker.birth and not worker.segment:
                segment = worker.only or self._queue.take(worker.node.id, nodes)
                if segment:
                    worker.give(segment)
                    self.given += 1

    def _staffed(self) -> set[str]:
        """The nodes that have a worker, or will soon."""
        return {
            worker.node.id
            for worker in self._workers
            if worker.birth or worker.node.id not in self._late
        }

    def _collect(self) -> list[Outcome]:
        """Wait a moment for something to happen; the outcomes of segments that ended."""
        waiting = [worker.awaited for worker in self._workers if worker.awaited]
        if not waiting:
            time.sleep(_POLL_S)
            return []
        if not ray.wait(waiting, timeout=_POLL_S)[0]:
            return []
        ended = set(ray.wait(waiting, num_returns=len(waiting), timeout=0)[0])
        outcomes: list[Outcome] = []
        for worker in [one for one in self._workers if one.awaited in ended]:
            if worker.segment:
                outcomes += self._ended(worker, worker.segment)
            else:
                self._greet(worker)
        return outcomes

    def _greet(self, worker: Worker) -> None:
        """A worker has come up, or died of it."""
        try:
            worker.came_up(ray.get(worker.asked))
        except RayError as error:
            self._workers.remove(worker)
            if worker.only:
                self._kept_back.append(worker.only)
            if worker.node.id not in self._nodes.alive(now=True):
                return
            if not self._crew.did_not_start(worker) and not self._workers:
                raise FatalError(f"Workers cannot start: {reason(error)}.") from error
        else:
            self._crew.did_start(worker)
            self._late.discard(worker.node.id)

    def _ended(self, worker: Worker, segment: Segment) -> Iterator[Outcome]:
        """What the end of a worker's segment, or its own, comes to."""
        attempts = self._attempts.count(segment, self._nodes.alive()) + 1
        try:
            result = ray.get(worker.result)
        except RayTaskError as error:
            # The worker lives: its code failed, and would fail again on the same bytes.
            words = f"streamfer failed on it, which is a defect of streamfer: {error.cause!r}"
            yield Lost(segment, Failure(words, retry=False, attempts=attempts), "defect")
        except RayError as error:
            yield from self._died(worker, segment, "", error)
            return
        else:
            if isinstance(result, PoolDiedError):
                yield from self._died(worker, segment, str(result))
                return
            if not isinstance(result, InputError):
                yield Done(segment, result, attempts)
            elif not (result.retry and self._goes_elsewhere(worker, segment)):
                yield Lost(segment, Failure(str(result), retry=result.retry, attempts=attempts))
        if worker.only:
            self._dismiss(worker)
        worker.free()

    def _goes_elsewhere(self, worker: Worker, segment: Segment) -> bool:
        """Whether a segment whose file this worker's node cannot read is tried on another."""
        node = worker.node.id
        if not self._queue.note_unreadable(segment, node, self._staffed()):
            return False
        if worker.only:
            self._kept_back.append(segment)
        else:
            self._queue.put_back(segment, avoid=node, prefer=self._nodes.here)
        return True

    def _watch(self) -> list[Outcome]:
        """Give up the workers that do not get on."""
        outcomes: list[Outcome] = []
        for worker in self._watchdog.overdue(self._workers):
            if worker.segment:
                words = f"it made no progress for {self._stall_s:g} s and was stopped"
                outcomes += self._died(worker, worker.segment, words)
                continue
            if not worker.birth:
                self._late.add(worker.node.id)
            if worker.only:
                self._kept_back.append(worker.only)
            self._dismiss(worker)
        return outcomes

    def _died(
        self, worker: Worker, segment: Segment, words: str, error: RayError | None = None
    ) -> Iterator[Outcome]:
        """Another try for a segment whose worker died or was given up, if it may have one."""
        self._dismiss(worker)
        self._attempts.died(segment, worker.stands_on)
        alive = self._nodes.alive(now=True)
        if error and worker.birth and self._attempts.is_lost(segment, alive):
            words = f"it ended {last_words(error, worker.birth) or 'with its node'}"
            alive = self._nodes.alive(now=True)  # it may be the node that had just died
        attempts = self._attempts.count(segment, alive)
        if attempts >= MAX_ATTEMPTS:
            told = (
                f"Its segment {segment.index} ended its worker {attempts} times; the last time, "
                f"alone, {words}."
            )
            yield Lost(segment, Failure(told, retry=False, attempts=attempts), "worker")
        elif self._attempts.is_lost(segment, alive):
            told = f"Its segment {segment.index} lost its worker or its node again and again."
            yield Lost(segment, Failure(told, retry=True, attempts=attempts), "worker")
        elif attempts >= ALONE_AFTER:
            self._kept_back.append(segment)
        else:
            self._queue.put_back(segment, avoid=worker.node.id)

    def _dismiss(self, worker: Worker) -> None:
        ray.kill(worker.actor)
        self._workers.remove(worker)
