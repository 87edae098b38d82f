"""Asking the workers how far they are, and finding the ones that do not get on."""

from __future__ import annotations

import time
from collections.abc import Sequence

import ray
from ray.exceptions import RayError

from streamfer.cluster.attempts import MAX_ATTEMPTS
from streamfer.cluster.crew import Worker
from streamfer.errors import FatalError

# Each worker is asked once a second, and a hundred are in all: of more, each is asked less often.
_ASK_S = 1.0
_QUESTIONS = 100
# A process that loads its models on a busy machine may take this long, however little `stall_s` is.
_START_S = 60.0


class Watchdog:
    """Finds workers without media progress for `stall_s` seconds.

    A run in which none has any for longer than all attempts of a segment may take is over: it
    is not a segment's fault.
    """

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._start_s = max(stall_s, _START_S)
        self._up = self._progressed = time.monotonic()

    def note_progress(self) -> None:
        """A segment has had its outcome."""
        self._progressed = time.monotonic()

    def overdue(self, workers: Sequence[Worker]) -> list[Worker]:
        """Those that do not get on, or have died while they had nothing to do.

        Raises FatalError where there is none but has been starting for too long, and where
        nothing at all progresses.
        """
        dead = self._hear(workers)
        now = time.monotonic()
        patience_s = self._start_s if workers else self._stall_s
        if any(worker.birth for worker in workers):
            self._up = now
        elif now - self._up >= patience_s:
            free, cores = (
                r.get("CPU", 0) for r in (ray.available_resources(), ray.cluster_resources())
            )
            raise FatalError(
                f"No worker came up in {patience_s:g} s: of the cluster's {cores:g} cores "
                f"{free:g} are free. Wait for other work to end, or use another cluster."
                + _states(workers)
            )
        if now - self._progressed >= MAX_ATTEMPTS * (self._start_s + self._stall_s):
            raise FatalError(
                f"Nothing has progressed for {now - self._progressed:.0f} s. Mend what holds the "
                "workers up and run the same command again: finished work is kept."
                + _states(workers)
            )
        late = [
            worker
            for worker in workers
            if (worker.segment and now - worker.since >= self._stall_s)
            or (not worker.birth and now - worker.since >= self._start_s)
        ]
        return dead + late

    def _hear(self, workers: Sequence[Worker]) -> list[Worker]:
        """Take the answers that have come, and ask again; those that died with nothing to do."""
        now = time.monotonic()
        pause = max(_ASK_S, len(workers) / _QUESTIONS)
        due = [one for one in workers if one.birth and now - one.asked_at >= pause]
        asked = [one.asked for one in due]
        came = ray.wait(asked, num_returns=len(asked), timeout=0)[0] if asked else []
        answered, dead = set(came), []
        for worker in due:
            if worker.asked not in answered:
                continue
            try:
                reached = ray.get(worker.asked)
            except RayError:
                if worker.segment is None:
                    dead.append(worker)
                continue  # of one that is at work, the end of its segment tells
            worker.held_bytes = reached.held_bytes
            # An answer may be older than the segment.
            if reached.begun == worker.given and reached.seconds > worker.reached_s:
                worker.reached_s = reached.seconds
                worker.since = self._progressed = now
            worker.ask()
        return dead


def _states(workers: Sequence[Worker]) -> str:
    return "".join(f"\n{worker.state()}" for worker in workers) or "\n  There is no worker."
