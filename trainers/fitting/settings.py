"""How a network is fitted: the settings that both of the paper's trainers share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from streamfer.errors import UsageError

Optimiser = Literal["sgd", "adam"]
Schedule = Literal["constant", "time-based", "piecewise", "cosine"]
Precision = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Fit:
    """One fit. The defaults are those of the paper's backbone before experiment 3 (section 4.2).

    epochs: passes over the samples, at most. batch: samples of one step, of all workers together;
    an epoch's samples are divided into equal batches of no more than this, so that none is tiny.
    lr: the first learning rate.
    """

    epochs: int = 30
    batch: int = 64
    optimiser: Optimiser = "sgd"
    lr: float = 1e-4
    momentum: float = 0.0
    """Of SGD. The paper names none, and Keras's default is none."""
    weight_decay: float = 0.0
    """L2 as Keras has it: this times the sum of the squared kernels is added to the loss, so the
    gradient grows by twice this times the weight. Kernels are weights of two or more dimensions;
    biases and batch norms are left alone."""
    schedule: Schedule = "constant"
    """"time-based": lr / (1 + decay · epoch). "piecewise": `pieces` equal parts, each a tenth of
    the last. "cosine": annealed at each step, in `cycles` equal cycles with warm restarts
    (Loshchilov and Hutter 2017)."""
    decay: float = 0.1
    """Of the time-based schedule. The paper gives no figure."""
    pieces: int = 3
    """Of the piecewise schedule. The paper gives no figure."""
    cycles: int = 5
    """Of the cosine schedule."""
    patience: int | None = None
    """Epochs without a higher "uar" after which fitting ends; None: never before the last. What
    is kept are the weights of the epoch with the highest, either way."""
    frozen_norm: bool = False
    """Batch norms use and keep the statistics that they have. If not, workers share statistics on
    GPUs and have their own on CPUs, where two are then not the same as one."""
    precision: Precision = "float32"
    """Of the forward pass; weights are float32. "float16" wants a GPU."""
    seed: int = 0

    def __post_init__(self) -> None:
        choices = {"optimiser": Optimiser, "schedule": Schedule, "precision": Precision}
        for name, kind in choices.items():
            if getattr(self, name) not in get_args(kind):
                raise UsageError(
                    f"{name} is {getattr(self, name)!r}; there are: {', '.join(get_args(kind))}."
                )
        positive = ("epochs", "batch", "lr", "pieces", "cycles")
        for name in positive:
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be above zero.")
        for name in ("momentum", "weight_decay", "decay"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must not be below zero.")
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"patience is {self.patience}; it must be at least one epoch.")


def learning_rate(settings: Fit, progress: float) -> float:
    """The rate at `progress` epochs, counted from 0; between whole ones only cosine changes."""
    epoch = int(progress)
    if settings.schedule == "time-based":
        return settings.lr / (1 + settings.decay * epoch)
    if settings.schedule == "piecewise":
        return settings.lr * 0.1 ** (epoch * settings.pieces // settings.epochs)
    if settings.schedule == "cosine":
        part = progress * settings.cycles / settings.epochs % 1
        return settings.lr * (1 + math.cos(math.pi * part)) / 2
    return settings.lr
