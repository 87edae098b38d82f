"""What a fit leaves after each epoch, and goes on from."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from streamfer.errors import UsageError
from streamfer.store.durable import make_folder, write_file
from trainers.fitting.settings import Fit

NAME = "checkpoint.pt"

About = Mapping[str, Any]
"""What else a fit's result depends on: the task's own settings and data, as plain values."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the samples, counted from 1.

    loss: the mean weighted loss of a sample, without L2. lr: at the epoch's end. figures: what
    `Task.watch` said. seconds: how long it took.
    """

    epoch: int
    loss: float
    lr: float
    figures: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class Fitted:
    """What a fit gave: the weights of its best epoch, and all epochs."""

    state: dict[str, Tensor]
    history: list[Epoch]

    @property
    def best(self) -> Epoch:
        """The epoch whose weights these are."""
        return best(self.history)


def best(history: list[Epoch]) -> Epoch:
    """The epoch with the highest "uar", the first of equals; the last if there are no such."""
    if "uar" not in history[-1].figures:
        return history[-1]
    return max(history, key=lambda epoch: epoch.figures["uar"])


@dataclass
class Progress:
    """All that a fit needs to go on as if it had never stopped.

    net, optimiser, scaler: their states after the last epoch of `history`. best: the network's
    state after the best epoch.
    """

    net: dict[str, Tensor]
    optimiser: dict[str, Any]
    scaler: dict[str, Any]
    best: dict[str, Tensor]
    history: list[Epoch] = field(default_factory=list)


def write(out: Path, progress: Progress, settings: Fit, about: About) -> None:
    """Put the checkpoint of one more epoch in place of the last, in one step."""
    state = {
        "settings": asdict(settings) | {f"about {key}": value for key, value in about.items()},
        "net": progress.net,
        "optimiser": progress.optimiser,
        "scaler": progress.scaler,
        "best": progress.best,
        "history": [asdict(epoch) for epoch in progress.history],
    }
    data = io.BytesIO()
    torch.save(state, data)
    make_folder(out)
    write_file(out / NAME, data.getvalue())


def read(out: Path, settings: Fit, about: About) -> Progress | None:
    """The checkpoint in `out`, or None if there is none; its tensors are on the CPU.

    Raises:
        UsageError: It is of another configuration, or no checkpoint.
    """
    path = out / NAME
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        made_with = state.pop("settings")
        history = [Epoch(**epoch) for epoch in state.pop("history")]
        progress = Progress(**state, history=history)
    except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, EOFError) as error:
        raise UsageError(f"{path} is no checkpoint of a fit ({error}): remove it.") from error
    asked = asdict(settings) | {f"about {key}": value for key, value in about.items()}
    for key in asked | made_with:
        if asked.get(key) != made_with.get(key):
            raise UsageError(
                f"{path} was made with {key.removeprefix('about ')} = {made_with.get(key)}, not "
                f"{asked.get(key)}: choose another folder, or remove it."
            )
    return progress
