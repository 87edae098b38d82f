"""The families of networks that the paper compares (section 3.2.2), each with the paper's head.

ResNet-50 is the paper's backbone itself, so what is trained of it is a file for `--backbone`.
SeNet-50 is the same with a gate in each block. The other four are Keras's own, run by torch:
they are what the authors used, down to padding, epsilon and biases. Keras comes with
`pip install streamfer[trainers]`.
"""

import importlib
import os
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor, nn

from streamfer.emotion.emo_affectnet import SIDE, Bottleneck, ResNet50, centred_bgr
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError


class GatedBottleneck(Bottleneck):
    """A bottleneck with squeeze and excitation (Hu et al. 2018), a sixteenth as wide."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__(inputs, width, stride)
        self.squeeze = nn.Conv2d(4 * width, width // 4, 1)
        self.excite = nn.Conv2d(width // 4, 4 * width, 1)

    def residual(self, x: Tensor) -> Tensor:
        """What is added to the shortcut, each channel by as much as the whole picture says."""
        x = super().residual(x)
        summary = torch.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.excite(summary))


class KerasFamily(nn.Module):
    """A network of `keras.applications` with the paper's head; called like `ResNet50`."""

    def __init__(
        self,
        application: str,
        prepare: Callable[[Tensor], Tensor],
        neurons: int,
        dropout: float,
        side: int,
    ) -> None:
        super().__init__()
        keras = _import_keras()
        keras.utils.clear_session()  # else the names of weights count all networks so far
        # Keras draws from generators of its own, which so follow torch's.
        keras.utils.set_random_seed(int(torch.randint(2**31, ())))
        with keras.device("cpu"):
            self.trunk = getattr(keras.applications, application)(
                include_top=False, weights=None, pooling="avg", input_shape=(side, side, 3)
            )
        self._prepare = prepare
        self.fc1 = nn.Linear(self.trunk.output_shape[-1], neurons)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(neurons, len(EMOTIONS))

    def embed(self, faces: Tensor) -> Tensor:
        """What the first dense layer says: (N, neurons), none below zero."""
        x = self._prepare(faces).permute(0, 2, 3, 1)
        with _import_keras().device(str(faces.device)):
            features = self.trunk(x, training=self.training)
        return torch.relu(self.fc1(features))

    def forward(self, faces: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.fc2(self.dropout(self.embed(faces)))
        return logits


def _import_keras() -> ModuleType:
    os.environ["KERAS_BACKEND"] = "torch"
    try:
        keras = importlib.import_module("keras")
    except ImportError:
        raise UsageError(
            "This network comes with Keras: run `pip install streamfer[trainers]`."
        ) from None
    if keras.backend.backend() != "torch":
        raise UsageError("Keras was imported before, with a backend other than torch.")
    return keras


def _within_one(faces: Tensor) -> Tensor:
    return faces / 127.5 - 1


def _as_is(faces: Tensor) -> Tensor:
    return faces  # EfficientNet scales in its first layers


# How pictures enter is what the weights want that the paper began from: VGGFace2's or ImageNet's.
_KERAS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "vgg-16": ("VGG16", centred_bgr),
    "efficientnet-b0": ("EfficientNetB0", _as_is),
    "resnet-101-v2": ("ResNet101V2", _within_one),
    "mobilenet-v2": ("MobileNetV2", _within_one),
}

FAMILIES = ("resnet-50", "senet-50", *_KERAS)


def build(family: str, neurons: int = 512, dropout: float = 0.2, side: int = SIDE) -> nn.Module:
    """A network with random weights, drawn from torch's global generator.

    It maps RGB faces, float (N, 3, side, side) in 0..255, to logits (N, 7) in the order of
    EMOTIONS; its `embed` gives the `neurons` (in the paper 256, 512 or 1024) of the first dense
    layer. Dropout follows that layer only: after the last it would hide classes.

    Raises:
        UsageError: There is no such family, or Keras is not installed.
    """
    if family == "resnet-50":
        return ResNet50(neurons, dropout)
    if family == "senet-50":
        return ResNet50(neurons, dropout, GatedBottleneck)
    if family not in _KERAS:
        raise UsageError(f"There is no family {family!r}; there are: {', '.join(FAMILIES)}.")
    return KerasFamily(*_KERAS[family], neurons, dropout, side)
