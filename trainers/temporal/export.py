"""Write a trained temporal method as the ONNX file that streamfer runs.

What such a file must hold is said in `streamfer.emotion.temporal.learnt`.
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamfer.config import Analysis
from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.late_fusion import LateFusion
from streamfer.emotion.temporal.learnt import SOUND_SIZE
from trainers.onnx_file import write_onnx


class ShippedMethod(nn.Module):
    """A temporal network with probabilities instead of logits."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, *inputs: Tensor) -> Tensor:
        """Probabilities (W, 7) of what `net` takes."""
        return functional.softmax(self.net(*inputs), dim=1)


def write_method(
    net: nn.Module,
    path: Path,
    *,
    method: str,
    backbone_sha256: str,
    analysis: Analysis,
    notes: dict[str, str],
) -> None:
    """Write `net`, or with `LateFusion` around it, for windows as those of `analysis`.

    `method` is what the settings call it, and `notes` is further metadata.
    """
    ticks = analysis.window_ticks
    inputs = {"embeddings": torch.zeros(2, ticks, EMBEDDING_SIZE), "present": torch.ones(2, ticks)}
    if isinstance(net, LateFusion):
        inputs |= {"sound": torch.zeros(2, SOUND_SIZE), "heard": torch.zeros(2)}
    metadata = notes | {
        "method": method,
        "labels": json.dumps(EMOTIONS),
        "backbone_sha256": backbone_sha256,
        "fps": str(analysis.fps),
        "window_s": f"{analysis.window_s:g}",
    }
    write_onnx(ShippedMethod(net), inputs, ["probabilities"], path, metadata)
