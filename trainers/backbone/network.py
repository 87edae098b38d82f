"""The backbone: a residual network of 27 layers for grey faces of 96 pixels.

It has the shape of dlib's face recognition network (He et al. 2016 with half the layers and
filters; weights by Davis King, public domain), so that it can start from weights that have seen
three million faces (`trainers.backbone.recognition`). At 96 pixels, the corner to corner of a
tight crop, facial features have the size they had there. 150 million multiplications a face,
4.5 million parameters.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS

SIDE = 96
EMBEDDING = 512
STEM = 32
STAGES = ((32, 3), (64, 4), (128, 3), (256, 3))
"""(channels, blocks) of each stage; all but the first halve the resolution: 24, 12, 6, 3."""


class ConvNorm(nn.Module):
    """A convolution without bias, and batch norm.

    Where it halves, its 3x3 windows begin at the first pixel and reach one beyond the last, as
    the network that gives the first weights has them, so that they share their middle with the
    2x2 averages of the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, *, halves: bool = False) -> None:
        super().__init__()
        self.halves = halves
        stride, padding = (2, 0) if halves else (1, 1)
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, S, S) to (N, outputs, S, S), or half of S."""
        if self.halves:
            x = functional.pad(x, (0, 1, 0, 1), value=0.0)
        y: Tensor = self.norm(self.conv(x))
        return y


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut without weights.

    The shortcut averages where it must halve, and fills up with zeros where channels are added.
    """

    def __init__(self, inputs: int, outputs: int, *, halves: bool) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs, halves=halves)
        self.second = ConvNorm(outputs, outputs)
        self.halves = halves
        self.added = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, S, S) to (N, outputs, S, S), or half of S."""
        y = self.second(torch.relu(self.first(x)))
        if self.halves:
            x = functional.avg_pool2d(x, 2)
        if self.added:
            x = functional.pad(x, (0, 0, 0, 0, 0, self.added), value=0.0)
        return torch.relu(x + y)


class ExpressionNet(nn.Module):
    """Grey faces, float (N, 1, 96, 96) in 0..255, to logits (N, 7) in the order of EMOTIONS."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, STEM, 7, stride=2, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(STEM)
        blocks: list[Block] = []
        inputs = STEM
        for stage, (channels, count) in enumerate(STAGES):
            for index in range(count):
                blocks.append(Block(inputs, channels, halves=stage > 0 and index == 0))
                inputs = channels
        self.blocks = nn.Sequential(*blocks)
        self.widen = nn.Linear(inputs, EMBEDDING)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(EMBEDDING, len(EMOTIONS))

    def look(self, grey: Tensor) -> Tensor:
        """The last maps, (N, 256, 3, 3)."""
        # dlib's mean colour as luma, and its scale.
        x = torch.relu(self.norm(self.stem((grey - 117.3) / 256)))
        x = functional.max_pool2d(x, 3, stride=2, ceil_mode=True)
        maps: Tensor = self.blocks(x)
        return maps

    def embed(self, grey: Tensor) -> Tensor:
        """The embedding (N, 512), none below zero."""
        return torch.relu(self.widen(self.dropout(self.look(grey).mean((2, 3)))))

    def forward(self, grey: Tensor) -> Tensor:
        """Logits, before any temperature."""
        logits: Tensor = self.classify(self.dropout(self.embed(grey)))
        return logits
