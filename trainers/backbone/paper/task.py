"""Expressions in pictures as a task of the training loop: a batch as Fig. 5 makes it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.backbone.paper.networks import initialise, network
from trainers.backbone.paper.pictures import ResizedStills, varied
from trainers.backbone.paper.settings import BackboneSettings, ClassWeights
from trainers.corpora.samples import Still
from trainers.fitting.task import random_of

WATCHED_AT_ONCE = 256
READERS = 8  # threads that read and change pictures while a GPU waits for them
INITIAL_FACES = 512  # that give the first statistics of a network which had none
LOGARITHMIC_SHARE = 0.15


@dataclass(frozen=True)
class MakeBackboneTask:
    """Makes a `BackboneTask` in whichever process trains; the pictures stay where they are."""

    settings: BackboneSettings
    taught: Sequence[Still]
    watched: Sequence[Still]
    initial: Path | None

    def __call__(self) -> BackboneTask:
        """The task."""
        return BackboneTask(self)


class BackboneTask:
    """A backbone, the pictures that it is taught and those that it is watched with."""

    def __init__(self, made_of: MakeBackboneTask) -> None:
        settings = made_of.settings
        self.settings = settings
        self.length = len(made_of.taught)
        self.labels = np.array([still.label for still in made_of.taught], np.int64)
        self.weights = class_weights(self.labels, settings.class_weights)
        self.taught = ResizedStills(made_of.taught, settings.side, settings.resize)
        self.watched = ResizedStills(made_of.watched, settings.side, settings.resize)
        self.net = network(settings)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if made_of.initial is not None:
            chosen = np.random.default_rng(settings.fit.seed).permutation(self.length)
            faces = to_tensor(
                self.taught.stack(chosen[:INITIAL_FACES].tolist()), torch.device("cpu")
            )
            initialise(self.net, made_of.initial, faces)

    def losses(self, net: nn.Module, chosen: NDArray[np.int64], epoch: int) -> Tensor:
        """The weighted cross-entropy of each sample (n,)."""
        device = next(self.net.parameters()).device
        draw = partial(self.draw, epoch)
        if device.type == "cpu":
            drawn = list(map(draw, chosen))
        else:
            with ThreadPoolExecutor(READERS) as readers:
                drawn = list(readers.map(draw, chosen))
        faces = to_tensor(np.stack([picture for picture, _ in drawn]), device)
        targets = torch.from_numpy(np.stack([target for _, target in drawn])).to(device)
        logits = net(faces).float()
        weights = torch.from_numpy(self.weights).to(device)
        return functional.cross_entropy(logits, targets, weights, reduction="none")

    def draw(self, epoch: int, sample: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A picture, RGB float32 (S, S, 3) in 0..255, and its target (7,), as Fig. 5 makes them."""
        random = random_of(self.settings.fit.seed, epoch, int(sample))
        picture, target = self._varied(int(sample), random)
        if self.settings.mixup:
            other, its_target = self._varied(int(random.integers(self.length)), random)
            share = np.float32(random.random())
            picture = share * picture + (1 - share) * other
            target = share * target + (1 - share) * its_target
        return picture, target

    def _varied(
        self, sample: int, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        settings = self.settings
        picture = varied(
            self.taught[sample],
            random,
            affine=settings.affine,
            contrast=settings.contrast,
            noise=settings.noise if settings.noise_on == "pictures" else 0.0,
        )
        return picture, np.eye(len(EMOTIONS), dtype=np.float32)[self.labels[sample]]

    def watch(self, net: nn.Module) -> dict[str, float]:
        """Accuracy and UAR of the watched pictures."""
        labels = np.array([still.label for still in self.watched.stills], np.int64)
        if not len(labels):
            return {}
        return metrics.scores(labels, probabilities(net, self.watched))


def class_weights(labels: NDArray[np.int64], kind: ClassWeights) -> NDArray[np.float32]:
    """The loss's weight of each class (7,); see `BackboneSettings.class_weights`."""
    counts = np.bincount(labels, minlength=len(EMOTIONS)).clip(min=1)
    if kind == "inverse":
        weights = len(labels) / (len(EMOTIONS) * counts)
    elif kind == "logarithmic":
        weights = np.log(LOGARITHMIC_SHARE * len(labels) / counts).clip(min=1)
    else:
        weights = np.ones(len(EMOTIONS))
    return weights.astype(np.float32)


def probabilities(net: nn.Module, pictures: ResizedStills) -> NDArray[np.float32]:
    """What a network in evaluation mode says of all pictures, (N, 7)."""
    device = next(net.parameters()).device
    count = len(pictures.stills)
    found = np.empty((count, len(EMOTIONS)), np.float32)
    with torch.no_grad():
        for start in range(0, count, WATCHED_AT_ONCE):
            part = range(start, min(start + WATCHED_AT_ONCE, count))
            logits = net(to_tensor(pictures.stack(part), device)).float()
            found[start : part.stop] = torch.softmax(logits, dim=1).cpu().numpy()
    return found


def to_tensor(faces: NDArray[np.uint8] | NDArray[np.float32], device: torch.device) -> Tensor:
    """RGB (N, S, S, 3) in 0..255 as torch has it: float (N, 3, S, S), channels last in memory."""
    return torch.from_numpy(faces).to(device).permute(0, 3, 1, 2).float()
