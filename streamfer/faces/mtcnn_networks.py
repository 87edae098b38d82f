"""The three networks of MTCNN in torch, and their weights as in facenet-pytorch (MIT).

Pictures enter as RGB, -1 to 1. Which of the networks a file holds is recognised by its layers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from streamfer.errors import UsageError
from streamfer.weights.torch_file import load_weights

Weights = dict[str, Tensor]

# The shapes of the weights. Layers without an underscore are followed by a PReLU.
LAYERS: dict[str, dict[str, tuple[int, ...]]] = {
    "P-Net": {
        "conv1": (10, 3, 3, 3),
        "conv2": (16, 10, 3, 3),
        "conv3": (32, 16, 3, 3),
        "conv4_1": (2, 32, 1, 1),
        "conv4_2": (4, 32, 1, 1),
    },
    "R-Net": {
        "conv1": (28, 3, 3, 3),
        "conv2": (48, 28, 3, 3),
        "conv3": (64, 48, 2, 2),
        "dense4": (128, 576),
        "dense5_1": (2, 128),
        "dense5_2": (4, 128),
    },
    "O-Net": {
        "conv1": (32, 3, 3, 3),
        "conv2": (64, 32, 3, 3),
        "conv3": (64, 64, 3, 3),
        "conv4": (128, 64, 2, 2),
        "dense5": (256, 1152),
        "dense6_1": (2, 256),
        "dense6_2": (4, 256),
        "dense6_3": (10, 256),
    },
}


def load(folder: Path) -> tuple[list[Weights], str]:
    """The weights of the three networks, in their order, and the sha256 of their files together.

    Raises:
        UsageError: The .pt files do not hold each of them once, or one is no plain weights.
    """
    found: dict[str, tuple[Weights, bytes]] = {}
    for path in sorted(folder.glob("*.pt")):
        weights, content = _read(path)
        for network in LAYERS:
            if isinstance(weights, dict) and _shapes(weights) == _expected(network):
                if network in found:
                    raise UsageError(f"{folder} holds the {network} of MTCNN more than once.")
                found[network] = weights, content
    absent = [network for network in LAYERS if network not in found]
    if absent:
        raise UsageError(
            f"{folder} is no MTCNN: none of its .pt files holds the weights of "
            f"{' or '.join(absent)} as facenet-pytorch names them. A detector of several files is "
            "a folder with the three of MTCNN; any other is an .onnx file."
        )
    contents = b"".join(found[network][1] for network in LAYERS)
    return [found[network][0] for network in LAYERS], hashlib.sha256(contents).hexdigest()


def p_net(weights: Weights, x: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n, 2, h, w) and moves of the edges (n, 4, h, w) for the windows of (n, 3, H, W)."""
    x = _pooled(_convolved(weights, 1, x), 2)
    x = _convolved(weights, 3, _convolved(weights, 2, x))
    logits, moves = (F.conv2d(x, *_layer(weights, name)) for name in ("conv4_1", "conv4_2"))
    return logits, moves


def r_net(weights: Weights, x: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n, 2) and moves of the edges (n, 4) for pictures (n, 3, 24, 24)."""
    x = _pooled(_convolved(weights, 1, x), 3)
    x = _pooled(_convolved(weights, 2, x), 3)
    x = _dense(weights, 4, _convolved(weights, 3, x))
    logits, moves = (F.linear(x, *_layer(weights, name)) for name in ("dense5_1", "dense5_2"))
    return logits, moves


def o_net(weights: Weights, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (n, 2), moves (n, 4) and landmarks (n, 10), all x then all y, for (n, 3, 48, 48)."""
    x = _pooled(_convolved(weights, 1, x), 3)
    x = _pooled(_convolved(weights, 2, x), 3)
    x = _pooled(_convolved(weights, 3, x), 2)
    x = _dense(weights, 5, _convolved(weights, 4, x))
    heads = ("dense6_1", "dense6_2", "dense6_3")
    logits, moves, landmarks = (F.linear(x, *_layer(weights, name)) for name in heads)
    return logits, moves, landmarks


def _read(path: Path) -> tuple[object, bytes]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The weights {path} cannot be read: {error.strerror}.") from None
    try:
        weights = load_weights(content)
    except Exception as error:  # noqa: BLE001 - what pickle and zip raise has no base class
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path} cannot be loaded as weights and nothing else: {reason}") from None
    return weights, content


def _shapes(weights: dict[str, object]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(x.shape) for key, x in weights.items() if isinstance(x, Tensor)}


def _expected(network: str) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, shape in LAYERS[network].items():
        shapes[f"{layer}.weight"] = shape
        shapes[f"{layer}.bias"] = shape[:1]
        if "_" not in layer:
            shapes[f"prelu{layer[-1]}.weight"] = shape[:1]
    return shapes


def _layer(weights: Weights, name: str) -> tuple[Tensor, Tensor]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _convolved(weights: Weights, number: int, x: Tensor) -> Tensor:
    x = F.conv2d(x, *_layer(weights, f"conv{number}"))
    return F.prelu(x, weights[f"prelu{number}.weight"])


def _pooled(x: Tensor, side: int) -> Tensor:
    return F.max_pool2d(x, side, stride=2, ceil_mode=True)


def _dense(weights: Weights, number: int, x: Tensor) -> Tensor:
    columns_first = x.permute(0, 3, 2, 1).flatten(1)  # as these layers were taught
    x = F.linear(columns_first, *_layer(weights, f"dense{number}"))
    return F.prelu(x, weights[f"prelu{number}.weight"])
