"""Temporal networks of random weights, the files that hold them, and windows for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from streamfer.config import Analysis, Gaps
from streamfer.emotion.temporal.cnn_gru import CnnGru
from streamfer.emotion.temporal.cnn_lstm import CnnLstm
from streamfer.emotion.temporal.cnn_lstm_a import CnnLstmA
from streamfer.emotion.temporal.cnn_svm import CnnSvm
from streamfer.emotion.temporal.late_fusion import LateFusion
from streamfer.emotion.windows import Observations, Windows, WindowSound, gather
from trainers.temporal.export import write_method

METHODS = ("cnn-svm", "cnn-lstm", "cnn-gru", "cnn-lstm-a")
BACKBONE = "ab" * 32


def random_network(method: str, *, listens: bool = False) -> nn.Module:
    """Always the same of its kind; its numbers are as half precision keeps them."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = _network(method)
        if listens:
            net = LateFusion(net, torch.randn(128), torch.rand(128) + 0.5)
            nn.init.normal_(net.sound.weight, std=0.2)
        for name, values in net.named_parameters():
            if "lstm" in name or "gru" in name or "fc" in name:
                values.data *= 6  # as they are, random layers hardly tell windows apart
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm1d):
                nn.init.uniform_(layer.weight, 0.5, 1.5)
                nn.init.uniform_(layer.bias, -0.5, 0.5)
                layer.running_mean.uniform_(-0.5, 0.5)
                layer.running_var.uniform_(0.5, 1.5)
    for values in net.parameters():
        values.data = values.data.half().float()
    return net.eval()


def _network(method: str) -> nn.Module:
    if method != "cnn-svm":
        return {"cnn-lstm": CnnLstm, "cnn-gru": CnnGru, "cnn-lstm-a": CnnLstmA}[method]()
    random = np.random.default_rng(0)
    return CnnSvm(
        mean=random.uniform(0, 1, 1024),
        scale=random.uniform(0.5, 2, 1024),
        weight=random.normal(size=(7, 1024)),
        bias=random.normal(size=7),
        temperature=5.0,
    )


def write_random(
    path: Path,
    method: str = "cnn-gru",
    *,
    listens: bool = False,
    backbone_sha256: str = BACKBONE,
    analysis: Analysis | None = None,
) -> Path:
    """The file that the trainer makes of such a network."""
    write_method(
        random_network(method, listens=listens),
        path,
        method=method,
        backbone_sha256=backbone_sha256,
        analysis=analysis or Analysis(),
        notes={},
    )
    return path


def random_windows(
    count: int, *, ticks: int = 10, gaps: Gaps = "mask", hears: bool = False
) -> Windows:
    """Windows of one track each, in which the face is seen in one sample or more."""
    random = np.random.default_rng(count)
    seen = random.random((count, ticks)) < random.random((count, 1))
    seen[np.arange(count), random.integers(ticks, size=count)] = True
    track, tick = np.nonzero(seen)
    observations = Observations(
        track.astype(np.int32),
        tick.astype(np.int32),
        random.exponential(size=(len(tick), 512)).astype(np.float32),
        random.dirichlet(np.ones(7), len(tick)).astype(np.float32),
    )
    windows = gather(
        observations, range(1), window_ticks=ticks, stride_ticks=ticks, gaps=gaps, hold_ticks=2
    )
    mel = random.normal(size=(count, 128)).astype(np.float32)
    heard = random.random(count).astype(np.float32)
    return replace(windows, sound=WindowSound(mel, heard)) if hears else windows


def tensors(windows: Windows) -> list[Tensor]:
    """What a network reads of windows."""
    arrays = [windows.embeddings, windows.usable.astype(np.float32), *(windows.sound or ())]
    return [torch.from_numpy(array) for array in arrays]
