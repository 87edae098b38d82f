r"""Train the backbone on FER2013 and the press faces.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python -m trainers.backbone.train --fer2013 fer2013.zip --press press_faces.zip \
        --init package/model --out runs/first
    python -m trainers.backbone.train --fer2013 fer2013.zip --press press_faces.zip \
        --init runs/first/checkpoint.pt --recipe second --out runs/second

Each epoch leaves a checkpoint; the same command goes on from the last one and ends with the
same weights as a run that was never stopped. These two, with the teacher that the model card
names, made the shipped weights.
"""

import argparse
import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from trainers import metrics
from trainers.backbone.augment import augment, mixup
from trainers.backbone.evaluate import probabilities
from trainers.backbone.network import ExpressionNet
from trainers.backbone.recognition import initialise
from trainers.backbone.views import Views, cached, resized
from trainers.corpora import fer2013, press_faces
from trainers.corpora.faces import Faces

INITIAL_FACES = 512  # that give the first statistics of the batch norms


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run; the defaults are those of the first in `RECIPES`."""

    epochs: int = 44
    batch: int = 128
    lr: float = 0.04
    """Highest learning rate of SGD with Nesterov momentum, reached after the warm-up."""
    warmup_epochs: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    """On convolutions and dense layers; not on batch norm and biases."""
    dropout: float = 0.2
    label_smoothing: float = 0.1
    mixup_alpha: float = 0.2
    mixed_part: float = 0.75
    """Part of the training after which faces are no longer mixed."""
    relabel_at: tuple[float, ...] = (0.4, 0.65)
    """Parts of the training after which targets are made anew: see `relabel`."""
    relabel_share: float = 0.5
    class_weight_power: float = 0.4
    """Class weights are (1 / frequency) to this power, scaled to a mean of 1 over the faces."""
    average_decay: float = 0.998
    """Of the moving average of the weights, which is what is kept."""
    augmentation: float = 1.0
    """Strength of `augment`."""
    seed: int = 2013


RECIPES = {
    "first": Recipe(),
    "second": Recipe(
        epochs=46,
        batch=64,
        lr=0.03,
        label_smoothing=0.05,
        mixed_part=0.0,
        relabel_at=(0.0, 0.5),
        augmentation=0.5,
    ),
}
"""The first makes a network that sees through spoilt pictures, but fits its faces loosely. The
second goes on from it with gentler changes."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: `held_out` has accuracy and UAR of the averaged weights by set."""

    epoch: int
    loss: float
    held_out: dict[str, tuple[float, float]]
    seconds: float


class _Run:
    """What a checkpoint holds: weights, their moving average, optimiser, targets, epoch."""

    def __init__(self, recipe: Recipe, fitted: Faces, init: Path | None) -> None:
        torch.manual_seed(recipe.seed)
        self.net = ExpressionNet(recipe.dropout)
        if init is not None and init.is_dir():
            chosen = torch.randperm(len(fitted))[:INITIAL_FACES]
            faces = torch.from_numpy(fitted.images)[chosen].unsqueeze(1).float()
            initialise(self.net, init, faces)
        elif init is not None:
            self.net.load_state_dict(torch.load(init, weights_only=True)["average"])
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
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
        labels = torch.from_numpy(fitted.labels)
        self.targets = functional.one_hot(labels, len(EMOTIONS)).float()
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
            "targets": self.targets,
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
        self.targets = state["targets"]
        self.epoch = state["epoch"]


def train(
    fitted: Views,
    held_out: Mapping[str, Faces],
    recipe: Recipe,
    out: Path,
    init: Path | None = None,
    taught: Tensor | None = None,
) -> Iterator[Epoch]:
    """Train epoch by epoch, giving each one's result once its checkpoint is on disk.

    Goes on from `out/checkpoint.pt` where there is one. To stop is to stop iterating. `init` is
    the folder of the first weights (`trainers.backbone.recognition`), or the checkpoint of an
    earlier recipe, whose averaged weights are taken; None: random ones. `taught`
    (N, 7) is what a teacher says of the faces, 0 where it has no say: see `relabel`.

    Raises:
        UsageError: The checkpoint was made by another recipe.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    run = _Run(recipe, fitted.given, init)
    if checkpoint.exists():
        run.load(checkpoint)
    weights = class_weights(fitted.given, recipe.class_weight_power)
    while run.epoch < recipe.epochs:
        started = time.monotonic()
        if run.epoch in [round(part * recipe.epochs) for part in recipe.relabel_at]:
            run.targets = relabel(run.average, fitted.given, recipe.relabel_share, taught)
        loss = _one_epoch(run, fitted, weights)
        run.epoch += 1
        scores = {name: _score(run.average, faces) for name, faces in held_out.items()}
        run.save(checkpoint)
        yield Epoch(run.epoch, loss, scores, time.monotonic() - started)


def class_weights(faces: Faces, power: float) -> Tensor:
    """The loss's weight of each class (7,), so that rare expressions are not given up."""
    frequency = torch.tensor(faces.counts(), dtype=torch.float32).clamp(min=1) / len(faces)
    weights = frequency**-power
    return weights / (weights * frequency).sum()


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The rate at `progress` epochs: a straight warm-up, then half a cosine to zero."""
    if progress < recipe.warmup_epochs:
        return recipe.lr * progress / recipe.warmup_epochs
    part = (progress - recipe.warmup_epochs) / (recipe.epochs - recipe.warmup_epochs)
    return recipe.lr * (1 + math.cos(math.pi * part)) / 2


def relabel(net: nn.Module, faces: Faces, share: float, taught: Tensor | None = None) -> Tensor:
    """Targets (N, 7) that are the label, but for a `share` what the network says of the face.

    Where people would disagree about an expression, one person's label is noise; what the
    network has learned from the others tells it (Reed et al. 2015, with soft labels). Where a
    teacher has said something, `taught` (N, 7), it counts as much as what the network says
    (Hinton et al. 2015). Both see each face and its mirror image.
    """
    said = opinions(lambda images: torch.softmax(predict(net, images), dim=1), faces.images)
    if taught is not None:
        said += taught
    labels = functional.one_hot(torch.from_numpy(faces.labels), len(EMOTIONS)).float()
    return torch.lerp(labels, said / said.sum(1, keepdim=True), share)


def opinions(judge: Callable[[NDArray[np.uint8]], Tensor], images: NDArray[np.uint8]) -> Tensor:
    """Probabilities (N, 7), the mean of those of each face (N, S, S) and of its mirror image."""
    return (judge(images) + judge(images[..., ::-1].copy())) / 2


def predict(net: nn.Module, images: NDArray[np.uint8]) -> Tensor:
    """Logits (N, 7) of grey faces, uint8 (N, 96, 96), in full precision."""
    with torch.no_grad():
        batches = torch.split(torch.from_numpy(images).unsqueeze(1), 256)
        return torch.cat([net(batch.float()) for batch in batches])


def _score(net: nn.Module, faces: Faces) -> tuple[float, float]:
    predicted = predict(net, faces.images).argmax(1).numpy()
    matrix = metrics.confusion(faces.labels, predicted, len(EMOTIONS))
    return metrics.accuracy(matrix), metrics.uar(matrix)


def _one_epoch(run: _Run, fitted: Views, weights: Tensor) -> float:
    """One pass over the faces, each framed one of two ways; returns the mean loss."""
    recipe = run.recipe
    # Seeded by epoch, so that a resumed run draws what an unstopped one would.
    torch.manual_seed(recipe.seed * 1000 + run.epoch)
    run.net.train()
    given, framed = (torch.from_numpy(faces.images) for faces in (fitted.given, fitted.framed))
    batches = torch.split(torch.randperm(len(given)), recipe.batch)
    total = 0.0
    for index, chosen in enumerate(batches):
        rate = learning_rate(recipe, run.epoch + (index + 1) / len(batches))
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        way = torch.rand(len(chosen), 1, 1) < 0.5
        x, targets = torch.where(way, given[chosen], framed[chosen]), run.targets[chosen]
        x = augment(x, recipe.augmentation)
        if run.epoch < recipe.mixed_part * recipe.epochs:
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
    return total / len(given)


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
    parser = argparse.ArgumentParser(description="Train the backbone.")
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--press", type=Path, required=True, help="press_faces.zip")
    parser.add_argument("--recipe", choices=RECIPES, default="first")
    parser.add_argument("--epochs", type=int, help="in place of the recipe's")
    parser.add_argument("--init", type=Path, help="first weights: a folder, or a checkpoint")
    parser.add_argument("--teacher", help="a backbone that knows FER2013, by name or ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--fer2013-alone", action="store_true", help="learn from it alone")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    fer, fer_held_out = fer2013.split(fer2013.load(arguments.fer2013, "train"))
    press, press_held_out = press_faces.split(press_faces.load(arguments.press))
    fitted = cached(arguments.out / "fer2013.npz", fer)
    if not arguments.fer2013_alone:
        fitted = fitted.join(cached(arguments.out / "press.npz", press))
    held_out = {
        "fer2013": resized(fer_held_out),
        "press": resized(press_held_out),
        "press_framed": cached(arguments.out / "press_held_out.npz", press_held_out).framed,
    }
    taught = None
    if arguments.teacher:
        teacher = load_backbone(arguments.teacher)
        taught = torch.zeros(len(fitted.given), len(EMOTIONS))
        taught[: len(fer)] = opinions(
            lambda images: torch.from_numpy(probabilities(teacher, images)), fer.images
        )
    recipe = RECIPES[arguments.recipe]
    recipe = replace(recipe, epochs=arguments.epochs or recipe.epochs)
    for epoch in train(fitted, held_out, recipe, arguments.out, arguments.init, taught):
        print(json.dumps(asdict(epoch)), flush=True)


if __name__ == "__main__":
    main()
