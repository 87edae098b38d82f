"""The training loop: epochs of steps, a checkpoint after each epoch, early stopping.

Whoever does which part of a batch, and however often the process was killed, the weights are the
same: the order of the samples follows from the seed and the epoch, what is random about a sample
from the seed, the epoch and the sample, and what was not yet in a checkpoint is done again.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.tensorboard import SummaryWriter

from streamfer.errors import UsageError
from trainers.fitting import checkpoint
from trainers.fitting.checkpoint import About, Epoch, Fitted, Progress
from trainers.fitting.settings import Fit, learning_rate
from trainers.fitting.task import MakeTask, Task

_log = logging.getLogger(__name__)
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Place:
    """Where a process stands among those that fit one network; rank 0 keeps the records."""

    rank: int = 0
    workers: int = 1
    device: torch.device = torch.device("cpu")  # noqa: RUF009 - it cannot be changed


def fit(
    make_task: MakeTask,
    settings: Fit,
    out: Path,
    *,
    about: About | None = None,
    device: str = "cpu",
) -> Fitted:
    """Fit a network in this process.

    `out` gets the checkpoint and TensorBoard's events; the same call goes on from there. `about`
    is kept in the checkpoint and held against it, as the settings are. `device` is torch's.

    Raises:
        UsageError: `out` holds the checkpoint of another configuration, or fitting failed in a
            way that other settings can mend.
    """
    place = Place(device=torch.device(device))
    learn(make_task, settings, out, about or {}, place)
    return fitted(out, settings, about or {})


def fitted(out: Path, settings: Fit, about: About) -> Fitted:
    """What the fit that ended in `out` gave."""
    progress = checkpoint.read(out, settings, about)
    if progress is None:
        raise UsageError(f"{out} holds no checkpoint: workers and driver must share that folder.")
    return Fitted(progress.best, progress.history)


def learn(make_task: MakeTask, settings: Fit, out: Path, about: About, place: Place) -> None:
    """Do this process's part of a fit, until its end; all processes call it alike."""
    if settings.precision == "float16" and place.device.type == "cpu":
        raise UsageError('precision = "float16" wants a GPU; on a CPU use "bfloat16".')
    torch.manual_seed(settings.seed)
    run = _Run(make_task(), settings, place)
    kept = checkpoint.read(out, settings, about)
    if kept is not None:
        run.restore(kept)
    if run.finished():
        return
    with closing(_Board(out, run.history)) if place.rank == 0 else nullcontext() as board:
        while not run.finished():
            epoch = run.one_epoch()
            if board is not None:
                checkpoint.write(out, run.progress(), settings, about)
                board.show(epoch)
                _log.info("epoch %d: loss %.4f, %s", epoch.epoch, epoch.loss, epoch.figures)


class _Board:
    """TensorBoard's events: what the checkpoint says, and every epoch from then on."""

    def __init__(self, out: Path, history: list[Epoch]) -> None:
        for left in out.glob("events.out.tfevents.*"):  # may show epochs that are done again
            left.unlink()
        self._events = SummaryWriter(str(out))
        for epoch in history:
            self.show(epoch)

    def show(self, epoch: Epoch) -> None:
        for name, value in {"loss": epoch.loss, "lr": epoch.lr, **epoch.figures}.items():
            self._events.add_scalar(name, value, epoch.epoch)
        self._events.flush()

    def close(self) -> None:
        self._events.close()


class _Run:
    """A fit in progress, in one of its processes."""

    def __init__(self, task: Task, settings: Fit, place: Place) -> None:
        self.task = task
        self.settings = settings
        self.place = place
        self.history: list[Epoch] = []
        self.best: dict[str, Tensor] = {}
        shared = place.workers > 1
        if shared and place.device.type == "cuda" and not settings.frozen_norm:
            task.net = nn.SyncBatchNorm.convert_sync_batchnorm(task.net)  # type: ignore[no-untyped-call]
        task.net.to(place.device)
        self.net = DistributedDataParallel(task.net) if shared else task.net
        self.optimiser = _optimiser(task.net, settings)
        self.scaler = torch.amp.GradScaler(
            place.device.type, enabled=settings.precision == "float16"
        )

    def restore(self, kept: Progress) -> None:
        self.task.net.load_state_dict(kept.net)
        self.optimiser.load_state_dict(kept.optimiser)
        self.scaler.load_state_dict(kept.scaler)
        self.best = kept.best
        self.history = kept.history

    def progress(self) -> Progress:
        return Progress(
            self.task.net.state_dict(),
            self.optimiser.state_dict(),
            self.scaler.state_dict(),
            self.best,
            self.history,
        )

    def finished(self) -> bool:
        done = len(self.history)
        if done == self.settings.epochs:
            return True
        if not done or self.settings.patience is None:
            return False
        return done - checkpoint.best(self.history).epoch >= self.settings.patience

    def one_epoch(self) -> Epoch:
        started = time.monotonic()
        loss = self._learn()
        figures = self._watch()
        epoch = Epoch(
            len(self.history) + 1,
            loss,
            self.optimiser.param_groups[0]["lr"],
            figures,
            time.monotonic() - started,
        )
        self.history.append(epoch)
        if checkpoint.best(self.history) is epoch:
            state = self.task.net.state_dict()
            self.best = {name: value.detach().cpu().clone() for name, value in state.items()}
        return epoch

    def _learn(self) -> float:
        """One pass over the samples; returns the mean weighted loss of all workers."""
        settings, place, epoch = self.settings, self.place, len(self.history)
        # Dropout draws from torch's generator: as an unstopped fit would, each worker its own.
        (seed,) = np.random.SeedSequence([settings.seed, epoch, place.rank]).generate_state(1)
        torch.manual_seed(int(seed))
        self.net.train()
        for norm in _norms(self.net):
            # As in Keras, one that does not learn keeps its statistics too.
            if settings.frozen_norm or not norm.weight.requires_grad:
                norm.eval()
        dtype = _DTYPES.get(settings.precision)
        total = torch.zeros((), device=place.device, dtype=torch.float64)
        batches = list(_batches(self.task.length, settings, epoch))
        for index, batch in enumerate(batches):
            rate = learning_rate(settings, epoch + index / len(batches))
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            if len(batch) < place.workers:
                raise UsageError(
                    f"A batch of {len(batch)} samples cannot be divided among {place.workers} "
                    "workers: use fewer."
                )
            mine = np.array_split(batch, place.workers)[place.rank]
            with torch.autocast(place.device.type, dtype) if dtype else nullcontext():
                losses = self.task.losses(self.net, mine, epoch)
            summed = losses.float().sum()
            self.optimiser.zero_grad()
            # Gradients are averaged over the workers, and are to be those of the mean loss.
            scaled = self.scaler.scale(summed * place.workers / len(batch))
            scaled.backward()  # type: ignore[no-untyped-call]
            self.scaler.step(self.optimiser)
            self.scaler.update()
            total += summed.detach()
        if place.workers > 1:
            distributed.all_reduce(total)
        mean = float(total) / self.task.length
        if not math.isfinite(mean):
            raise UsageError(
                f"The loss of epoch {epoch + 1} is {mean}: use a lower learning rate than "
                f"{settings.lr:g}, or float32."
            )
        return mean

    def _watch(self) -> dict[str, float]:
        """The figures that rank 0 sees, in all workers."""
        found: list[dict[str, float]] = [{}]
        if self.place.rank == 0:
            self.task.net.eval()
            with torch.no_grad():
                found = [self.task.watch(self.task.net)]
        if self.place.workers > 1:
            distributed.broadcast_object_list(found, src=0, device=self.place.device)
        return found[0]


def _batches(length: int, settings: Fit, epoch: int) -> Iterator[NDArray[np.int64]]:
    """All samples of an epoch in a new order, in batches of equal size or one less."""
    order = np.random.default_rng([settings.seed, epoch]).permutation(length)
    yield from np.array_split(order, math.ceil(length / settings.batch))


def _optimiser(net: nn.Module, settings: Fit) -> torch.optim.Optimizer:
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [
        # Keras adds the squares, torch half of them.
        {
            "params": [weight for weight in learned if weight.ndim > 1],
            "weight_decay": 2 * settings.weight_decay,
        },
        {"params": [weight for weight in learned if weight.ndim <= 1]},
    ]
    if settings.optimiser == "adam":
        return torch.optim.Adam(groups, lr=settings.lr)
    return torch.optim.SGD(groups, lr=settings.lr, momentum=settings.momentum)


def _norms(net: nn.Module) -> list[nn.BatchNorm1d | nn.BatchNorm2d | nn.SyncBatchNorm]:
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)
    return [module for module in net.modules() if isinstance(module, kinds)]
