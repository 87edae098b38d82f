"""A small residual network for 48-pixel grey faces: He et al. 2016, made to fit one core.

110 million multiplications a face, 1.6 million parameters. The one layer at full resolution is
thin; the widths double each time the resolution halves.
"""

import torch
from torch import Tensor, nn

from streamfer.emotion.labels import EMOTIONS

EMBEDDING = 512
STEM = 32
STAGES = ((48, 1), (96, 2), (192, 2))
"""(channels, blocks) of each stage; every stage halves the resolution: 24, 12, 6."""


def _conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    """A convolution without bias, and batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the shortcut averages where it must halve."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv(inputs, outputs, 3, stride)
        self.conv2 = _conv(outputs, outputs, 3)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1:
            self.shortcut = nn.Sequential(nn.AvgPool2d(stride), _conv(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, S, S) to (N, outputs, S / stride, S / stride)."""
        y = self.conv2(torch.relu(self.conv1(x)))
        return torch.relu(y + self.shortcut(x))


class ExpressionNet(nn.Module):
    """Grey faces, float (N, 1, 48, 48) in 0..255, to logits (N, 7) in the order of EMOTIONS."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = _conv(1, STEM, 3)
        blocks: list[nn.Module] = []
        inputs = STEM
        for channels, count in STAGES:
            for index in range(count):
                blocks.append(Block(inputs, channels, stride=2 if index == 0 else 1))
                inputs = channels
        self.blocks = nn.Sequential(*blocks)
        self.widen = _conv(inputs, EMBEDDING, 1)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(EMBEDDING, len(EMOTIONS))

    def embed(self, grey: Tensor) -> Tensor:
        """The mean over places of the last 512 maps: (N, 512), none below zero."""
        x = torch.relu(self.stem((grey - 127.5) / 64))
        return torch.relu(self.widen(self.blocks(x))).mean((2, 3))

    def forward(self, grey: Tensor) -> Tensor:
        """Logits, before any temperature."""
        logits: Tensor = self.classify(self.dropout(self.embed(grey)))
        return logits
