"""Backbones as Grad-CAM needs them: logits in torch, and the layers that make maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamfer.emotion.backbone import Backbone, Crop, load_backbone, squared
from streamfer.emotion.emo_affectnet import SIDE, ResNet50
from streamfer.errors import UsageError
from streamfer.media.rgb import require_rgb
from streamfer.weights.catalogue import file_sha256, resolve
from streamfer.weights.runtime import is_torch_file, model_name
from streamfer.weights.torch_file import fill
from trainers.analysis.explain.cut_graph import CutGraph
from trainers.analysis.explain.keras_trunk import KerasTrunk
from trainers.backbone.network import STAGES, ExpressionNet
from trainers.backbone.paper.settings import SHIPPED
from trainers.backbone.paper.train import CARD, load

TOGETHER = 16
"""Faces that enter a network at once: 16 of ResNet-50's take 90 MB."""


@dataclass(frozen=True)
class Explainable:
    """A backbone on the processor, in float32.

    name, sha256: as `streamfer.load_backbone` has them. crop: how it wants faces cut out. net:
    RGB faces, uint8 (N, S, S, 3), to logits (N, 7), whose softmax are the probabilities that the
    backbone gives. last, fine: the parts of `net` whose outputs are the maps (N, C, h, w) that
    are explained: the last ones behind a convolution, and finer ones, None where they are not
    known. why_not: the reason, where `last` is None.
    """

    name: str
    sha256: str
    crop: Crop
    net: nn.Module
    last: nn.Module | None
    fine: nn.Module | None
    why_not: str = ""

    def fit(self, faces: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Faces that are cut out, each uint8 (H, W, 3) RGB, at the network's size: (N, S, S, 3)."""
        require_rgb(faces, "face")
        return np.stack([squared(face, self.crop.size) for face in faces])

    def probabilities(self, faces: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The seven probabilities (N, 7) of such faces."""
        parts = torch.split(torch.from_numpy(self.fit(faces)), TOGETHER)
        with torch.no_grad():
            logits = torch.cat([self.net(part) for part in parts])
        found: NDArray[np.float32] = torch.softmax(logits, dim=1).numpy()
        return found


class _Pictures(nn.Module):
    """A network of the trainers, behind the pictures that every backbone takes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, faces: Tensor) -> Tensor:
        """Logits (N, 7) of uint8 (N, S, S, 3)."""
        logits: Tensor = self.net(faces.permute(0, 3, 1, 2).float())
        return logits


class _Whole(nn.Module):
    """A backbone that cannot be cut, of which nothing is known but its answer."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self._backbone = backbone

    def forward(self, faces: Tensor) -> Tensor:
        """Logits (N, 7) of uint8 (N, S, S, 3)."""
        _, probabilities = self._backbone.predict(list(faces.numpy()))
        return torch.log(torch.from_numpy(probabilities))


def load_explainable(name: str = "default") -> Explainable:
    """Load a backbone: "default", a name, or a file, as `streamfer.load_backbone` takes them.

    Or the file of any network that `python -m trainers backbone` trained, with its card beside it.

    Raises:
        UsageError: There is no such backbone.
    """
    path = resolve(model_name(name, "backbone", "cpu"), "backbone")
    if is_torch_file(path):
        return _trained(path) if (path.parent / CARD).exists() else _resnet(path)
    backbone = load_backbone(name)
    known = partial(Explainable, backbone.name, backbone.sha256, backbone.crop)
    try:
        net = CutGraph(onnx.load(path), backbone.input_size).eval()
    except UsageError as error:
        return known(_Whole(backbone), None, None, why_not=str(error))
    return known(net, net.last, net.fine)


def _resnet(path: Path) -> Explainable:
    """The paper's network, from a file that says nothing of itself."""
    net = ResNet50()
    sha256 = fill(net, path, task="backbone", whose="the paper's ResNet-50")
    return _of_torch(path.stem, sha256, Crop(SIDE, aligned=False), net)


def _trained(path: Path) -> Explainable:
    net, settings = load(path)
    crop = Crop(settings.side, aligned=settings.family == SHIPPED)
    return _of_torch(path.stem, file_sha256(path), crop, net)


def _of_torch(name: str, sha256: str, crop: Crop, net: nn.Module) -> Explainable:
    last: nn.Module
    fine: nn.Module | None = None
    if isinstance(net, ResNet50):
        last, fine = net.layer4, net.layer3
    elif isinstance(net, ExpressionNet):
        last, fine = net.blocks, net.blocks[sum(count for _, count in STAGES[:2]) - 1]
    else:  # one of Keras's
        net.trunk = KerasTrunk(net.trunk)
        last = net.trunk.maps
    # Training may have frozen parts, through which gradients must pass here. Seeds are integers.
    for weights in net.parameters():
        weights.requires_grad_(weights.is_floating_point())
    return Explainable(name, sha256, crop, _Pictures(net).eval(), last, fine)
