"""Fits the methods that learn, CNN-SVM and the recurrent ones, to windows with hard labels."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.fitting.loop import fit
from trainers.protocols.folds import Fold
from trainers.temporal.paper.sequences import Sequences
from trainers.temporal.paper.settings import Temporal
from trainers.temporal.paper.units import mean_over_windows, units_of
from trainers.temporal.paper.windows import LabelledWindows, lay_out
from trainers.temporal.svm import fit_svm
from trainers.temporal.train import RECURRENT

_AT_ONCE = 256  # windows


class WindowTask:
    """Windows to learn from and clips to watch, as `trainers.fitting.task.Task` has it."""

    def __init__(self, method: str, sequences: Sequences, fold: Fold, settings: Temporal) -> None:
        windows = lay_out(sequences, settings.analysis(sequences.fps))
        self._taught = windows.of(fold.taught).teachable
        self._watched = windows.of(fold.watched)
        self._units = units_of(sequences, fold.watched)
        self._watched_labels = sequences.labels[self._units.clip]
        self._labels = torch.from_numpy(self._taught.labels)
        self._weights = _class_weights(self._taught.labels, settings)
        self.net: nn.Module = RECURRENT[method]()
        for module in self.net.modules():
            if isinstance(module, nn.Dropout):
                module.p = settings.dropout
        self.length = len(self._taught)

    def losses(self, net: nn.Module, chosen: NDArray[np.int64], _epoch: int) -> Tensor:
        """Cross-entropy of each chosen window (n,), weighted by its class."""
        device = next(net.parameters()).device
        logits = net(*(tensor.to(device) for tensor in self._taught.tensors(chosen)))
        labels = self._labels[chosen]
        losses = functional.cross_entropy(logits.float(), labels.to(device), reduction="none")
        return losses * self._weights[labels].to(device)

    def watch(self, net: nn.Module) -> dict[str, float]:
        """UAR and accuracy of the clips that are watched."""
        said = mean_over_windows(recognise(net, self._watched), self._watched.windows, self._units)
        return metrics.scores(self._watched_labels, said)


def teach(
    method: str,
    sequences: Sequences,
    fold: Fold,
    settings: Temporal,
    out: Path,
    device: str = "cpu",
) -> nn.Module:
    """Fit a method that learns to the taught side of a fold; gives a network of logits (W, 7).

    A recurrent method leaves its checkpoint and TensorBoard's events in the folder `out`, and the
    same call goes on from there; `device` is torch's, on which the network stays. The SVM has
    nothing to watch, and is fitted at once on the CPU.

    Raises:
        UsageError: `out` is of another configuration, or the taught clips show one emotion only.
    """
    if method == "cnn-svm":
        windows = lay_out(sequences, settings.analysis(sequences.fps))
        return fit_svm(
            windows.of(fold.taught).teachable,
            settings.fit.seed,
            most=settings.svm_windows,
            penalty=settings.svm_c,
            balanced=settings.class_weights == "inverse",
        )
    make_task = partial(WindowTask, method, sequences, fold, settings)
    made_with = about(method, sequences, fold, settings)
    fitted = fit(make_task, settings.fit, out, about=made_with, device=device)
    net = RECURRENT[method]()
    net.load_state_dict(fitted.state)
    return net.to(device).eval()


@torch.no_grad()
def recognise(net: nn.Module, windows: LabelledWindows) -> NDArray[np.float32]:
    """Probabilities (W, 7), on the device on which the network is, in evaluation mode."""
    device = next(net.parameters()).device
    batches = np.array_split(np.arange(len(windows)), -(-len(windows) // _AT_ONCE))
    logits = [net(*(tensor.to(device) for tensor in windows.tensors(rows))) for rows in batches]
    probabilities: NDArray[np.float32] = functional.softmax(torch.cat(logits), dim=1).cpu().numpy()
    return probabilities


def about(method: str, sequences: Sequences, fold: Fold, settings: Temporal) -> dict[str, Any]:
    """All that the result of a fold depends on, as plain values; to be kept with it."""
    digest = sha256()
    for side in (fold.taught, fold.watched, fold.measured):
        clips = (sequences.clips[number] for number in side)
        digest.update(repr([(clip.corpus, clip.name, clip.label) for clip in clips]).encode())
    digest.update(sequences.faces.tick.tobytes())
    digest.update(sequences.faces.probabilities.tobytes())
    return {
        "method": method,
        "backbone_sha256": sequences.backbone_sha256,
        "fps": sequences.fps,
        "clips": digest.hexdigest()[:16],
    } | settings.of_method(method)


def _class_weights(labels: NDArray[np.int64], settings: Temporal) -> Tensor:
    """The weight of each class (7,), which over all windows is 1 in the mean."""
    counts = np.bincount(labels, minlength=len(EMOTIONS))
    if settings.class_weights == "none":
        return torch.ones(len(EMOTIONS))
    weights = len(labels) / (np.count_nonzero(counts) * counts.clip(min=1))
    return torch.from_numpy(weights).float()
