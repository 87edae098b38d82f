"""Tasks that take seconds, and a command that fits one of them, to be killed."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from trainers.fitting.distributed import fit_distributed
from trainers.fitting.loop import fit
from trainers.fitting.settings import Fit
from trainers.fitting.task import random_of

SETTINGS = Fit(epochs=6, batch=8, lr=0.2, momentum=0.9, schedule="cosine", cycles=2, seed=5)


class Recurrent(nn.Module):
    """An LSTM: (N, 10, 8) to (N, 7)."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(16, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.dropout(self.lstm(x)[0][:, -1]))


class Sequences:
    """50 noisy sequences of seven kinds. The noise is another in each epoch."""

    length = 50

    def __init__(self, dropout: float) -> None:
        self.net: nn.Module = Recurrent(dropout)
        self.labels = np.arange(self.length) % 7
        kinds = np.random.default_rng(0).normal(size=(7, 10, 8))
        self.x = kinds[self.labels].astype(np.float32)

    def losses(self, net: nn.Module, chosen: NDArray[np.int64], epoch: int) -> Tensor:
        noise = [random_of(5, epoch, int(sample)).normal(size=(10, 8)) for sample in chosen]
        x = torch.from_numpy(self.x[chosen] + np.stack(noise).astype(np.float32))
        labels = torch.from_numpy(self.labels[chosen])
        return functional.cross_entropy(net(x).float(), labels, reduction="none")

    def watch(self, net: nn.Module) -> dict[str, float]:
        right = net(torch.from_numpy(self.x)).argmax(1).numpy() == self.labels
        return {"uar": float(np.mean([right[self.labels == kind].mean() for kind in range(7)]))}


@dataclass(frozen=True)
class Making:
    """Makes `Sequences`.

    In epoch `dies_in` a process kills itself, if `mark` is not there. Each step lasts at least
    `pause` seconds.
    """

    dropout: float = 0.0
    dies_in: int | None = None
    mark: Path = Path()
    pause: float = 0.0

    def __call__(self) -> Sequences:
        task = Sequences(self.dropout)
        losses = task.losses

        def perhaps(net: nn.Module, chosen: NDArray[np.int64], epoch: int) -> Tensor:
            if epoch == self.dies_in and not self.mark.exists():
                self.mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(self.pause)
            return losses(net, chosen, epoch)

        task.losses = perhaps  # type: ignore[method-assign]
        return task


if __name__ == "__main__":
    torch.set_num_threads(1)
    out = Path(sys.argv[2])
    if sys.argv[1] == "workers":
        fit_distributed(Making(pause=0.1), SETTINGS, out, workers=2)
    else:
        fit(Making(0.3, int(sys.argv[1]), out / "mark"), SETTINGS, out)
