"""What a network is to learn, as the training loop sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn


class Task(Protocol):
    """A network and its samples.

    It is made anew in each process that trains, by a `MakeTask` that can be pickled, with torch's
    global generator seeded, so that first weights are the same everywhere.

    net: the network, on the CPU; the loop moves it. length: how many samples there are.
    """

    net: nn.Module
    length: int

    def losses(self, net: nn.Module, chosen: NDArray[np.int64], epoch: int) -> Tensor:
        """The weighted loss of each chosen sample, float32 (n,), on the network's device.

        `net` is to be called, not to be looked into: it may be `self.net` wrapped to share
        gradients. `chosen` (n,) are indices below `length`; `epoch` counts from 0. What is random
        about a sample comes from `random_of`, so that it is the same whoever draws it.
        """
        ...

    def watch(self, net: nn.Module) -> dict[str, float]:
        """Figures of the development set, after an epoch; early stopping reads "uar".

        `net` is `self.net` in evaluation mode, without gradients. An empty answer: there is no
        development set, and the last epoch counts as the best.
        """
        ...


MakeTask = Callable[[], Task]


def random_of(seed: int, epoch: int, sample: int) -> np.random.Generator:
    """The generator of one sample in one epoch: the same in every division among workers."""
    return np.random.default_rng([seed, epoch, sample])
