"""The paper's backbone, from a torch file: `FER_static_ResNet50_AffectNet.pt` of its authors.

Their ResNet-50 came from Keras, and differs from the usual one of torch: its first convolution is
padded as TensorFlow does it, the stride of a bottleneck lies on its first convolution, the
max-pool has no padding, and batch norm has Keras's epsilon. With the names of its parts as they
are here the authors' file fits; `trainers` builds on the same network.

It wants the detector's box as it is, without alignment. In its file nothing says in which order
its seven classes are; it is `EMOTIONS`, the paper's.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS
from streamfer.weights.runtime import Device, Network, module_network
from streamfer.weights.torch_file import fill

SIDE = 224


def centred_bgr(faces: Tensor) -> Tensor:
    """RGB faces (N, 3, H, W) in 0..255 as networks taught on VGGFace2 want them.

    Blue first, and less the mean colour of its faces.
    """
    red, green, blue = faces.unbind(1)
    return torch.stack([blue - 91.4953, green - 103.8827, red - 131.0912], dim=1)


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    """Keras's: its momentum of 0.99 is 0.01 in torch's way of counting."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class StemConvolution(nn.Conv2d):
    """The first convolution: 7x7, stride 2, and TensorFlow's SAME padding.

    Of the 5 pixels by which pictures of an even side must grow, the odd one is added at the
    right and at the bottom.
    """

    def __init__(self) -> None:
        super().__init__(3, 64, kernel_size=7, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, 3, S, S) to (N, 64, S / 2, S / 2); S is even."""
        return super().forward(functional.pad(x, (2, 3, 2, 3)))


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut (He et al. 2016), the stride on the first."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = _convolution(inputs, width, 1, stride)
        self.batch_norm1 = _batch_norm(width)
        self.conv2 = _convolution(width, width, 3)
        self.batch_norm2 = _batch_norm(width)
        self.conv3 = _convolution(width, outputs, 1)
        self.batch_norm3 = _batch_norm(outputs)
        self.i_downsample: nn.Module = nn.Identity()
        if inputs != outputs:
            self.i_downsample = nn.Sequential(
                _convolution(inputs, outputs, 1, stride), _batch_norm(outputs)
            )

    def residual(self, x: Tensor) -> Tensor:
        """What is added to the shortcut."""
        x = torch.relu(self.batch_norm1(self.conv1(x)))
        x = torch.relu(self.batch_norm2(self.conv2(x)))
        residual: Tensor = self.batch_norm3(self.conv3(x))
        return residual

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, inputs, S, S) to (N, 4 * width, S / stride, S / stride), rounded up."""
        return torch.relu(self.residual(x) + self.i_downsample(x))


def _stage(
    block: type[Bottleneck], inputs: int, width: int, count: int, stride: int
) -> nn.Sequential:
    rest = [block(4 * width, width, 1) for _ in range(count - 1)]
    return nn.Sequential(block(inputs, width, stride), *rest)


class ResNet50(nn.Module):
    """RGB faces, float (N, 3, 224, 224) in 0..255, to logits (N, 7) in the order of EMOTIONS."""

    def __init__(
        self, neurons: int = 512, dropout: float = 0.0, block: type[Bottleneck] = Bottleneck
    ) -> None:
        super().__init__()
        self.conv_layer_s2_same = StemConvolution()
        self.batch_norm1 = _batch_norm(64)
        self.layer1 = _stage(block, 64, 64, count=3, stride=1)
        self.layer2 = _stage(block, 256, 128, count=4, stride=2)
        self.layer3 = _stage(block, 512, 256, count=6, stride=2)
        self.layer4 = _stage(block, 1024, 512, count=3, stride=2)
        self.fc1 = nn.Linear(2048, neurons)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(neurons, len(EMOTIONS))

    def embed(self, faces: Tensor) -> Tensor:
        """What the recurrent networks of the paper read: (N, neurons), none below zero."""
        x = torch.relu(self.batch_norm1(self.conv_layer_s2_same(centred_bgr(faces))))
        x = functional.max_pool2d(x, kernel_size=3, stride=2)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.relu(self.fc1(x.mean((2, 3))))

    def forward(self, faces: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.fc2(self.dropout(self.embed(faces)))
        return logits


class EmoAffectNet(nn.Module):
    """The network behind the inputs and outputs of every backbone; see `emotion.backbone`."""

    def __init__(self, net: ResNet50) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """`faces` to `embedding` and `probabilities`."""
        embedding = self.net.embed(inputs["faces"].permute(0, 3, 1, 2).float())
        probabilities = functional.softmax(self.net.fc2(embedding), dim=1)
        return {"embedding": embedding, "probabilities": probabilities}


def load_emo_affectnet(path: Path, device: Device) -> Network:
    """Load a state dict of the paper's ResNet-50, running no code of the file's.

    Raises:
        UsageError: The file holds anything else.
    """
    net = ResNet50()
    sha256 = fill(net, path, task="backbone", whose="the paper's ResNet-50")
    return module_network(
        EmoAffectNet(net),
        device,
        sha256=sha256,
        metadata={"labels": json.dumps(EMOTIONS), "crop": "box"},
        input_shapes={"faces": (None, SIDE, SIDE, 3)},
    )
