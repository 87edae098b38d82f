"""Hands segments to workers, watches them, and gives a segment another try when one dies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import ray
from ray.actor import ActorHandle
from ray.exceptions import RayActorError, RayError, RayTaskError

from streamfer.errors import FatalError, InputError
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Lost, Outcome, Working
from streamfer.store.work import Failure

MAX_ATTEMPTS = 3
_POLL_S = 0.5


@dataclass
class _Worker:
    """A worker and what it is at. `asked` is the question of how far it has come."""

    actor: ActorHandle
    asked: ray.ObjectRef
    ready: bool = False
    segment: Segment | None = None
    result: ray.ObjectRef | None = None
    reached: float = 0.0
    since: float = field(default_factory=time.monotonic)

    @property
    def is_awaited(self) -> bool:
        """Whether it is starting, or at work."""
        return self.segment is not None or not self.ready

    def give(self, segment: Segment) -> None:
        self.segment, self.result = segment, self.actor.work.remote(segment)
        self.reached, self.since = 0.0, time.monotonic()


class Scheduler:
    """Keeps `count` workers, made by `make_worker`, busy until every segment has an outcome.

    A worker without media progress for `stall_s` seconds is killed; that, like a death of its
    own, is one of its segment's attempts. Raises FatalError when no worker can be started or
    none has come up for `stall_s` seconds.
    """

    def __init__(self, make_worker: Callable[[], ActorHandle], count: int, stall_s: float) -> None:
        self._make_worker = make_worker
        self._count = count
        self._stall_s = stall_s
        self._workers: list[_Worker] = []
        self._queue: deque[Segment] = deque()
        self._stillborn = 0
        self._attempts: dict[tuple[str, int], int] = {}

    def run(self, segments: Sequence[Segment]) -> Iterator[Outcome]:
        """Outcomes as they come, and between them how far the rest has got."""
        self._queue.extend(segments)
        left = len(segments)
        while left:
            self._staff(left)
            for outcome in [*self._collect(), *self._watch()]:
                left -= 1
                yield outcome
            yield Working(sum(worker.reached for worker in self._workers if worker.segment))

    def _staff(self, left: int) -> None:
        """Replace missing workers, and give every idle one a segment."""
        while len(self._workers) < min(self._count, left):
            actor = self._make_worker()
            self._workers.append(_Worker(actor, actor.reached.remote()))
        for worker in self._workers:
            if worker.ready and worker.segment is None and self._queue:
                segment = self._queue.popleft()
                key = (segment.folder, segment.index)
                self._attempts[key] = self._attempts.get(key, 0) + 1
                worker.give(segment)

    def _collect(self) -> Iterator[Outcome]:
        """Wait a moment for something to happen; the outcomes of segments that ended."""
        waiting = [worker.result or worker.asked for worker in self._workers if worker.is_awaited]
        ended, _ = ray.wait(waiting, timeout=_POLL_S)
        for worker in list(self._workers):
            segment = worker.segment
            if segment is None or worker.result not in ended:
                continue
            attempts = self._attempts[segment.folder, segment.index]
            try:
                result = ray.get(worker.result)
            except RayTaskError as error:
                # The worker lives: its code failed, and would fail again on the same bytes.
                reason = f"streamfer failed on it, which is a defect of streamfer: {error.cause!r}"
                yield Lost(segment, Failure(reason, retry=False, attempts=attempts))
            except RayError as error:
                yield from self._died(worker, segment, _last_words(error))
                continue
            else:
                if isinstance(result, InputError):
                    failure = Failure(str(result), retry=result.retry, attempts=attempts)
                    yield Lost(segment, failure)
                else:
                    yield Done(segment, result, attempts)
            worker.segment = worker.result = None

    def _watch(self) -> Iterator[Outcome]:
        """Ask every worker how far it has come, and kill the ones that have not moved."""
        asked = [worker.asked for worker in self._workers]
        answered, _ = ray.wait(asked, num_returns=len(asked), timeout=0) if asked else ([], [])
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.asked in answered:
                self._hear(worker, now)
            if now - worker.since < self._stall_s:
                continue
            if worker.segment is not None:
                words = f"it made no progress for {self._stall_s:g} s and was stopped"
                yield from self._died(worker, worker.segment, words)
            elif not any(other.ready for other in self._workers):
                free, all_ = (
                    r.get("CPU", 0) for r in (ray.available_resources(), ray.cluster_resources())
                )
                raise FatalError(
                    f"No worker came up in {self._stall_s:g} s: of the cluster's {all_:g} cores "
                    f"{free:g} are free. Wait for other work to end, or use another cluster."
                )

    def _hear(self, worker: _Worker, now: float) -> None:
        try:
            reached = ray.get(worker.asked)
        except RayActorError as error:
            if worker.segment is None:
                self._workers.remove(worker)
                self._stillborn += 1
                if self._stillborn == MAX_ATTEMPTS:
                    raise FatalError(f"Workers cannot start: {_last_words(error)}.") from error
            return  # of one that is at work, the end of its segment tells
        if not worker.ready or reached > worker.reached:
            worker.ready, worker.reached, worker.since = True, reached, now
            self._stillborn = 0
        worker.asked = worker.actor.reached.remote()

    def _died(self, worker: _Worker, segment: Segment, words: str) -> Iterator[Outcome]:
        ray.kill(worker.actor)
        self._workers.remove(worker)
        attempts = self._attempts[segment.folder, segment.index]
        if attempts < MAX_ATTEMPTS:
            self._queue.append(segment)
            return
        reason = (
            f"Its segment {segment.index} ended its worker {attempts} times; the last time {words}."
        )
        yield Lost(segment, Failure(reason, retry=False, attempts=attempts))


def _last_words(error: RayError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".")
