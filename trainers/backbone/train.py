"""Train the backbone on FER2013.

    python -m trainers.backbone.train --data fer2013.zip --out runs/fer-v1

Each epoch leaves a checkpoint; the same command goes on from the last one and ends with the
same weights as a run that was never stopped. Settings that made the shipped weights are the
defaults of `Recipe`.
"""

import argparse
import copy
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from trainers import metrics
from trainers.backbone.augment import augment, mixup
from trainers.backbone.network import ExpressionNet
from trainers.corpora import fer2013


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run; the defaults made `streamfer-fer-v1`."""

    epochs: int = 51
    settling_epochs: int = 11
    """The last of the epochs: a second, lower cosine, on faces that are not mixed."""
    batch: int = 128
    lr: float = 0.1
    """Highest learning rate of SGD with Nesterov momentum, reached after the warm-up."""
    settling_lr: float = 0.03
    warmup_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    """On convolutions and the classifier; not on batch norm and biases."""
    dropout: float = 0.2
    label_smoothing: float = 0.1
    mixup_alpha: float = 0.2
    class_weight_power: float = 0.5
    """Class weights are (1 / frequency) to this power, scaled to a mean of 1 over the faces."""
    average_decay: float = 0.998
    """Of the moving average of the weights, which is what is kept."""
    seed: int = 2013


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave. Accuracy and UAR are the averaged weights' on the held-out faces."""

    epoch: int
    loss: float
    accuracy: float
    uar: float
    seconds: float


class _Run:
    """The state a checkpoint holds: weights, their moving average, the optimiser, the epoch."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.net = ExpressionNet(recipe.dropout).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).eval()
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim == 1]
        self.optimiser = torch.optim.SGD(
            [
                {"params": decayed, "weight_decay": recipe.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=recipe.lr,
            momentum=recipe.momentum,
            nesterov=True,
        )
        self.recipe = recipe
        self.epoch = 0

    def save(self, path: Path) -> None:
        """Write under another name, then rename: a checkpoint is whole or is not there."""
        state = {
            "recipe": asdict(self.recipe),
            "epoch": self.epoch,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def load(self, path: Path) -> None:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise UsageError(f"{path} was made by another recipe: choose another folder")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch = state["epoch"]


def train(
    fitted: fer2013.Faces, held_out: fer2013.Faces, recipe: Recipe, out: Path
) -> Iterator[Epoch]:
    """Train epoch by epoch, giving each one's result once its checkpoint is on disk.

    Goes on from `out/checkpoint.pt` where there is one. To stop is to stop iterating.

    Raises:
        UsageError: The checkpoint was made by another recipe.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    run = _Run(recipe)
    if checkpoint.exists():
        run.load(checkpoint)
    images, labels = torch.from_numpy(fitted.images), torch.from_numpy(fitted.labels)
    weights = class_weights(fitted, recipe.class_weight_power)
    while run.epoch < recipe.epochs:
        started = time.monotonic()
        loss = _one_epoch(run, images, labels, weights)
        run.epoch += 1
        predicted = predict(run.average, held_out.images).argmax(1).numpy()
        matrix = metrics.confusion(held_out.labels, predicted, len(EMOTIONS))
        accuracy, uar = metrics.accuracy(matrix), metrics.uar(matrix)
        run.save(checkpoint)
        yield Epoch(run.epoch, loss, accuracy, uar, time.monotonic() - started)


def class_weights(faces: fer2013.Faces, power: float) -> Tensor:
    """The loss's weight of each class (7,), so that rare expressions are not given up."""
    frequency = torch.tensor(faces.counts(), dtype=torch.float32).clamp(min=1) / len(faces)
    weights = frequency**-power
    return weights / (weights * frequency).sum()


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The rate at `progress` epochs: a straight warm-up, then half a cosine to zero, twice."""
    settling_from = recipe.epochs - recipe.settling_epochs
    if progress < recipe.warmup_epochs:
        return recipe.lr * progress / recipe.warmup_epochs
    if progress <= settling_from:
        highest, start, end = recipe.lr, recipe.warmup_epochs, settling_from
    else:
        highest, start, end = recipe.settling_lr, settling_from, recipe.epochs
    return highest * (1 + math.cos(math.pi * (progress - start) / (end - start))) / 2


def predict(net: nn.Module, images: NDArray[np.uint8]) -> Tensor:
    """Logits (N, 7) of grey faces, uint8 (N, 48, 48), in full precision."""
    with torch.no_grad():
        batches = torch.split(torch.from_numpy(images).unsqueeze(1), 256)
        return torch.cat([net(batch.float()) for batch in batches])


def _one_epoch(run: _Run, images: Tensor, labels: Tensor, weights: Tensor) -> float:
    """One pass over the faces; returns the mean loss."""
    recipe = run.recipe
    # Seeded by epoch, so that a resumed run draws what an unstopped one would.
    torch.manual_seed(recipe.seed * 1000 + run.epoch)
    run.net.train()
    batches = torch.split(torch.randperm(len(images)), recipe.batch)
    total = 0.0
    for index, chosen in enumerate(batches):
        rate = learning_rate(recipe, run.epoch + (index + 1) / len(batches))
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        targets = functional.one_hot(labels[chosen], len(EMOTIONS)).float()
        x = augment(images[chosen])
        if run.epoch < recipe.epochs - recipe.settling_epochs:
            x, targets = mixup(x, targets, recipe.mixup_alpha)
        with torch.autocast("cpu", torch.bfloat16):
            logits = run.net(x.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(
            logits.float(), targets, weights, label_smoothing=recipe.label_smoothing
        )
        run.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        run.optimiser.step()
        step = run.epoch * len(batches) + index
        _update_average(run.average, run.net, min(recipe.average_decay, (1 + step) / (10 + step)))
        total += loss.item() * len(chosen)
    return total / len(images)


@torch.no_grad()
def _update_average(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Move the average, batch-norm statistics included, towards the net."""
    for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def main() -> None:
    """Read the arguments, train, and print one JSON line an epoch."""
    parser = argparse.ArgumentParser(description="Train the backbone on FER2013.")
    parser.add_argument("--data", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    fitted, held_out = fer2013.split(fer2013.load(arguments.data, "train"))
    for epoch in train(fitted, held_out, Recipe(), arguments.out):
        print(json.dumps(asdict(epoch)), flush=True)


if __name__ == "__main__":
    main()
