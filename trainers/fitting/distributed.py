"""Fitting in workers of Ray Train: one or many, on CPUs or GPUs, on this machine or a cluster.

The driver, the workers and whoever looks at TensorBoard share the folder `out`. Checkpoints are
those of `trainers.fitting.loop`, so that what one process began many can end, and the reverse.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

# The session comes first: it tells Ray, before it is imported, to report to nobody.
from streamfer.cluster.session import session  # isort: skip

import ray
import ray.train
import ray.train.torch
import torch

from streamfer.errors import InputError, UsageError
from trainers.fitting import checkpoint
from trainers.fitting.checkpoint import About, Fitted
from trainers.fitting.loop import Place, fitted, learn
from trainers.fitting.settings import Fit
from trainers.fitting.task import MakeTask

FAILURES = 3
"""How often workers that died are replaced by new ones, which go on from the checkpoint."""


def fit_distributed(
    make_task: MakeTask,
    settings: Fit,
    out: Path,
    *,
    workers: int,
    device: str = "cpu",
    about: About | None = None,
    address: str | None = None,
) -> Fitted:
    """Fit a network as `loop.fit` does, in `workers` processes with a core or GPU each.

    `device` is "cpu" (gloo) or "cuda" (nccl, a GPU for each worker). Ray is joined where this
    process has joined it, at `address`, or started here.

    Raises:
        UsageError: As in `loop.fit`; or the cluster has too little room.
        InputError: As the task says.
    """
    out = out.absolute()
    checkpoint.read(out, settings, about or {})  # of another configuration: say so before Ray runs
    with nullcontext() if ray.is_initialized() else session(address, workers):
        _require(workers, device)
        trainer = ray.train.torch.TorchTrainer(
            _work,
            # By reference: a task may carry its data.
            train_loop_config={"task": [ray.put((make_task, settings, out, about or {}))]},
            scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=device == "cuda"),
            run_config=ray.train.RunConfig(name="ray", storage_path=str(out)),
        )
        for left in reversed(range(FAILURES + 1)):
            try:
                trainer.fit()
                break
            except ray.train.WorkerGroupError as error:
                # Ray's own FailureConfig would also try again what the user has to mend.
                if (understood := _understood(error)) is not None:
                    raise understood from error
                if not left:
                    raise
    return fitted(out, settings, about or {})


def _require(workers: int, device: str) -> None:
    """Raise UsageError where Ray would wait for ever."""
    kind = "GPU" if device == "cuda" else "CPU"
    there = int(ray.cluster_resources().get(kind, 0))
    if there < workers:
        raise UsageError(f"{workers} workers want as many {kind}s; the cluster has {there}.")


def _work(config: dict[str, Any]) -> None:
    """One worker's part."""
    make_task, settings, out, about = ray.get(config["task"][0])
    context = ray.train.get_context()
    device = ray.train.torch.get_device()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    place = Place(context.get_world_rank(), context.get_world_size(), device)
    learn(make_task, settings, out, about, place)


def _understood(error: ray.train.WorkerGroupError) -> UsageError | InputError | None:
    """The error that a user can act on, if such a one ended a worker."""
    for failure in error.worker_failures.values():
        cause = getattr(failure, "_base_exc", failure)  # Ray has no public way to it
        if isinstance(cause, UsageError | InputError):
            return cause
    return None
