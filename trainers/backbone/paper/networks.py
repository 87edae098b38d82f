"""The networks as the settings want them: size, head, noise, frozen parts, first weights."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from streamfer.errors import UsageError
from trainers.backbone import recognition
from trainers.backbone.families import KerasFamily, build
from trainers.backbone.network import EMBEDDING, ExpressionNet
from trainers.backbone.paper.settings import SHIPPED, BackboneSettings, Freezing

_HEAD = ("fc1.", "fc2.", "widen.", "classify.")


class GaussianNoise(nn.Module):
    """Adds noise of one standard deviation, in training only; Keras's layer of that name."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        """As large as `x`."""
        return x + torch.randn_like(x) * self.deviation if self.training else x


class ColourExpressionNet(ExpressionNet):
    """The network that streamfer ships, called like the paper's: with RGB faces."""

    def look(self, rgb: Tensor) -> Tensor:
        """The last maps of RGB faces, float (N, 3, S, S) in 0..255."""
        red, green, blue = rgb.unbind(1)
        return super().look((0.299 * red + 0.587 * green + 0.114 * blue).unsqueeze(1))

    def embed(self, rgb: Tensor) -> Tensor:
        """The embedding (N, 512), none below zero; as in the paper nothing is dropped before."""
        return torch.relu(self.widen(self.look(rgb).mean((2, 3))))


def network(settings: BackboneSettings) -> nn.Module:
    """A network with random weights from torch's global generator, some of them frozen.

    It maps RGB faces, float (N, 3, side, side) in 0..255, to logits (N, 7); `embed` gives the
    first dense layer's values (N, neurons).
    """
    net: nn.Module
    if settings.family == SHIPPED:
        if settings.neurons != EMBEDDING:
            raise UsageError(f"{SHIPPED} has {EMBEDDING} neurons, not {settings.neurons}.")
        net = ColourExpressionNet(settings.dropout)
    else:
        net = build(settings.family, settings.neurons, settings.dropout, settings.side)
    if settings.noise and settings.noise_on == "embedding":
        # Behind the dropout of the first dense layer, where there is nothing to learn.
        net.dropout = nn.Sequential(nn.Dropout(settings.dropout), GaussianNoise(settings.noise))
    freeze(net, settings.freezing)
    if settings.fit.frozen_norm and isinstance(net, KerasFamily):
        for layer in net.trunk.layers:  # the training loop knows torch's only
            if type(layer).__name__ == "BatchNormalization":
                layer.trainable = False
    return net


def freeze(net: nn.Module, freezing: Freezing) -> None:
    """Keep the convolutional layers from learning, or those before the last convolution.

    Batch norms among them keep their statistics too: Keras and the training loop see to it.
    """
    if freezing == "none":
        return
    if isinstance(net, KerasFamily):
        layers = list(net.trunk.layers)
        last = max(i for i, layer in enumerate(layers) if type(layer).__name__ == "Conv2D")
        for layer in layers if freezing == "all" else layers[:last]:
            layer.trainable = False
        return
    parts = [module for module in net.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    last = max(i for i, part in enumerate(parts) if isinstance(part, nn.Conv2d))
    for part in parts if freezing == "all" else parts[:last]:
        part.requires_grad_(requires_grad=False)


def initialise(net: nn.Module, weights: Path, faces: Tensor) -> None:
    """Give a network its first weights, all but those of its dense layers.

    `weights`: for torch's families the state dict of a network of the same kind, as `train`
    writes it (or the authors', or VGGFace2's under the same names); for Keras's families a file of
    Keras without the top (`*_notop.h5`); for `SHIPPED` the folder of the face recognition network
    (`trainers.backbone.recognition`), whose statistics are taken from some RGB `faces`, float
    (N, 3, side, side).

    Raises:
        UsageError, InputError: They are not the weights of this network.
    """
    if isinstance(net, KerasFamily):
        try:
            net.trunk.load_weights(str(weights))
        except (OSError, ValueError) as error:
            raise UsageError(f"{weights} does not fit {net.trunk.name}: {error}") from error
        return
    if isinstance(net, ColourExpressionNet) and weights.is_dir():
        recognition.initialise(net, weights, faces)
        return
    given = read_state(weights)
    expected = {name for name in net.state_dict() if not name.startswith(_HEAD)}
    if missing := sorted(expected - given.keys()):
        raise UsageError(f"{weights} lacks {missing[0]}, among {len(missing)} weights.")
    try:
        net.load_state_dict({name: given[name] for name in expected}, strict=False)
    except RuntimeError as error:
        raise UsageError(f"{weights} does not fit: {error}") from error


def read_state(path: Path) -> dict[str, Tensor]:
    """A state dict, read without running code. Raises UsageError if it is none."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise UsageError(f"{path} cannot be read as weights: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UsageError(f"{path} holds no state dict.")
    return state
