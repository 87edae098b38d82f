"""Does folds side by side, each as a task of Ray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

# The session comes first: it tells Ray, before it is imported, to report to nobody.
from streamfer.cluster.session import session  # isort: skip

import ray
from ray.exceptions import RayTaskError

from streamfer.errors import UsageError
from trainers.protocols.folds import Fold
from trainers.temporal.paper.sequences import Sequences

Measure = Callable[[Sequences, Fold, Path], None]


def side_by_side(
    measure: Measure,
    sequences: Sequences,
    jobs: Sequence[tuple[Fold, Path]],
    workers: int,
    *,
    gpu: bool,
) -> None:
    """Call `measure` for each fold and its folder, which all machines share.

    Each has a core and, with `gpu`, a GPU of its own.

    Ray is joined where this process has joined it, or where RAY_ADDRESS says; else it is started
    here with room for `workers`. A fold whose process dies is begun again.

    Raises:
        UsageError: As `measure` does, or no cluster answers.
    """
    with nullcontext() if ray.is_initialized() else session(None, workers):
        shared = ray.put(sequences)
        work = ray.remote(num_gpus=int(gpu))(_call)
        tasks = [work.remote(measure, shared, fold, out.absolute()) for fold, out in jobs]
        try:
            ray.get(tasks)
        except RayTaskError as error:
            if isinstance(error.cause, UsageError):
                raise error.cause from None
            raise


def _call(measure: Measure, sequences: Sequences, fold: Fold, out: Path) -> None:
    measure(sequences, fold, out)
