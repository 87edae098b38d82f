"""Small backbones as users may bring them, of which it is known what they look at."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from streamfer.emotion.labels import EMOTIONS
from trainers.onnx_file import write_onnx

SIDE = 32
METADATA = {"labels": json.dumps(EMOTIONS)}
QUADRANTS = {
    "upper left": (0, 0),
    "upper right": (0, 1),
    "lower left": (1, 0),
    "lower right": (1, 1),
}


def quadrant(name: str, side: int = SIDE) -> tuple[slice, slice]:
    """Rows and columns of one."""
    half = side // 2
    row, column = QUADRANTS[name]
    return slice(row * half, (row + 1) * half), slice(column * half, (column + 1) * half)


class QuadrantNet(nn.Module):
    """Sees one quadrant only: the brighter it is, the more it is sure of fear.

    Two convolutions give maps of 16 x 16 and of 8 x 8, whose places share no pixels.
    """

    def __init__(self, seen: str) -> None:
        super().__init__()
        mask = torch.zeros(1, 1, SIDE, SIDE)
        mask[0, 0][quadrant(seen)] = 1 / 255
        self.register_buffer("mask", mask)
        self.first = nn.Conv2d(3, 4, 2, stride=2)
        self.second = nn.Conv2d(4, 4, 2, stride=2)
        self.widen = nn.Linear(4, 512)
        self.classify = nn.Linear(512, len(EMOTIONS))
        for layer in (self.first, self.second, self.widen):
            nn.init.constant_(layer.weight, 0.1)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.classify.weight)
        nn.init.zeros_(self.classify.bias)
        self.classify.weight.data[EMOTIONS.index("fear")] = 0.1

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        x = faces.permute(0, 3, 1, 2).float() * self.mask
        x = torch.relu(self.second(torch.relu(self.first(x))))
        embedding = torch.relu(self.widen(x.mean((2, 3))))
        return embedding, torch.softmax(self.classify(embedding), 1)


def write_quadrant(path: Path, seen: str) -> Path:
    """As the shipped network is written: constants folded, large weights in half precision."""
    faces = {"faces": torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)}
    write_onnx(QuadrantNet(seen), faces, ["embedding", "probabilities"], path, METADATA)
    return path


def write_graph(
    path: Path,
    *,
    between: Sequence[str] = ("Relu",),
    last: str = "Relu",
    pool: str = "GlobalAveragePool",
    after: Sequence[str] = ("Softmax",),
    convolves: bool = True,
    opset: int = 17,
) -> Path:
    """A graph of random weights: convolution, `between`, convolution, `last`, pool, dense, `after`.

    The nodes are named by their operators.
    """
    random = np.random.default_rng(3)
    shapes = {"w1": (6, 3, 3, 3), "w2": (8, 6, 3, 3), "dense": (8, 512), "classes": (512, 7)}
    weights = [
        numpy_helper.from_array(random.normal(0, 0.2, shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    weights.append(numpy_helper.from_array(np.float32(255), "white"))
    make = helper.make_node
    nodes = [
        make("Transpose", ["faces"], ["moved"], perm=[0, 3, 1, 2]),
        make("Cast", ["moved"], ["floats"], to=TensorProto.FLOAT),
        make("Div", ["floats", "white"], ["x0"]),
    ]
    if convolves:
        nodes.append(make("Conv", ["x0", "w1"], ["c1"], strides=[2, 2], pads=[1, 1, 1, 1]))
        names = ["c1", *(f"between{index}" for index in range(len(between)))]
        for operator, x, y in zip(between, names[:-1], names[1:], strict=True):
            nodes.append(make(operator, [x], [y]))
        nodes += [
            make("Conv", [names[-1], "w2"], ["c2"], strides=[2, 2], pads=[1, 1, 1, 1]),
            make(last, ["c2"], ["maps"]),
        ]
    else:
        nodes.append(make("Tile", ["x0", "three"], ["maps"]))
        weights.append(numpy_helper.from_array(np.int64([1, 8, 1, 1]), "three"))
        weights[2] = numpy_helper.from_array(np.ones((24, 512), np.float32) / 99, "dense")
    nodes += [
        make(pool, ["maps"], ["pooled"]),
        make("Flatten", ["pooled"], ["flat"]),
        make("MatMul", ["flat", "dense"], ["embedding"]),
        make("MatMul", ["embedding", "classes"], ["logits"]),
    ]
    names = ["logits", *(f"after{index}" for index in range(len(after) - 1)), "probabilities"]
    for operator, x, y in zip(after, names[:-1], names[1:], strict=True):
        nodes.append(make(operator, [x], [y]))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "test",
        [value("faces", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [
            value("embedding", TensorProto.FLOAT, ["N", 512]),
            value("probabilities", TensorProto.FLOAT, ["N", 7]),
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, METADATA)
    onnx.save(model, path)
    return path
