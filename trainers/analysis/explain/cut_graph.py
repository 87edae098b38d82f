"""An ONNX backbone cut in parts between which gradients pass.

Grad-CAM asks how the answer changes with the maps that the last convolution makes, and of
nothing before them. So all up to there runs in ONNX Runtime, whatever operators it has, and only
what follows, mostly a mean and dense layers, runs in torch. Where torch is told of the operators
before, there is an earlier cut, at finer maps.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from streamfer.errors import UsageError
from streamfer.weights.onnx_runtime import Arrays, start_session
from streamfer.weights.onnx_torch import NEWEST_OPSET, OnnxModule

FACES, PROBABILITIES = "faces", "probabilities"
FINE = 12
"""Maps are fine if they are at least so wide and high."""


class CutGraph(nn.Module):
    """RGB faces, uint8 (N, S, S, 3), to logits (N, 7), whose softmax are the probabilities.

    `fine` and `last` give the maps (N, C, h, w) at the cuts; `fine` is None where only the last
    can be had.

    Raises:
        UsageError: The graph has no maps through which all passes, or what follows the last of
            them has operators that torch is not told of.
    """

    fine: nn.Module | None

    def __init__(self, model: onnx.ModelProto, side: int) -> None:
        super().__init__()
        model = _in_known_opset(model)
        nodes = _needed(list(model.graph.node), PROBABILITIES)
        maps = _maps(model, nodes, side)
        last, fine = maps[-1][0], [name for name, smaller in maps if smaller >= FINE]
        answer, self._is_logits = _answer(nodes)
        self.judge = Part(model, nodes, last, answer)
        try:
            self.fine = Look(model, fine[-1])
            self.last: nn.Module = Part(model, nodes, fine[-1], last)
        except (IndexError, UsageError):
            self.fine = None
            self.last = Look(model, last)

    def forward(self, faces: Tensor) -> Tensor:
        """Logits."""
        before = faces if self.fine is None else self.fine(faces)
        answer: Tensor = self.judge(self.last(before))
        return answer if self._is_logits else torch.log(answer)


class Look(nn.Module):
    """The first part, in ONNX Runtime: faces to the maps with which gradients begin."""

    def __init__(self, model: onnx.ModelProto, maps: str) -> None:
        super().__init__()
        self._run = start_session(_cut(model, model.graph.node, [maps]), "cpu")
        self._maps = maps

    def forward(self, faces: Tensor) -> Tensor:
        """The maps."""
        return torch.from_numpy(self._run({FACES: faces.numpy()})[self._maps]).requires_grad_()


class Part(nn.Module):
    """A later part, in torch: from one value of the graph to another."""

    def __init__(
        self, model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], given: str, wanted: str
    ) -> None:
        super().__init__()
        self._graph = OnnxModule(_cut(model, _needed(nodes, wanted, given), [wanted]))
        self._given, self._wanted = given, wanted

    def forward(self, given: Tensor) -> Tensor:
        """The value that is wanted."""
        wanted: Tensor = self._graph({self._given: given})[self._wanted]
        return wanted


def _in_known_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    opset = max(entry.version for entry in model.opset_import if not entry.domain)
    if opset <= NEWEST_OPSET:
        return model
    try:
        return onnx.version_converter.convert_version(model, NEWEST_OPSET)
    except Exception as error:  # noqa: BLE001 - it has no class for what it cannot do
        raise UsageError(f"its opset {opset} cannot be made {NEWEST_OPSET}: {error}.") from None


def _needed(
    nodes: Sequence[onnx.NodeProto], wanted: str, given: str = FACES
) -> list[onnx.NodeProto]:
    """The nodes that `wanted` depends on, in their order, not those before `given`."""
    names = {wanted}
    needed = []
    for node in reversed(nodes):
        if names & set(node.output) and given not in node.output:
            needed.append(node)
            names |= set(node.input)
    return needed[::-1]


def _maps(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], side: int
) -> list[tuple[str, int]]:
    """All values of shape (N, C, h, w) where the graph can be cut, and the lesser of h and w."""
    passages = _passages(nodes)
    values: Arrays = {}
    if passages:
        faces = {FACES: np.zeros((1, side, side, 3), np.uint8)}
        values = start_session(_cut(model, model.graph.node, passages), "cpu")(faces)
    sizes = [(name, min(value.shape[2:])) for name, value in values.items() if value.ndim == 4]
    maps = [(name, size) for name, size in sizes if size > 1]
    if not maps:
        raise UsageError("it has no maps behind a convolution through which all of it passes.")
    return maps


def _passages(nodes: Sequence[onnx.NodeProto]) -> list[str]:
    """The values, behind a convolution, that are all that later nodes still know of the faces."""
    last_use = {name: index for index, node in enumerate(nodes) for name in node.input}
    varying, passages, convolved = {FACES}, [], False
    for index, node in enumerate(nodes):
        if varying & set(node.input):
            varying |= set(node.output)
            convolved |= "Conv" in node.op_type
        varying = {name for name in varying if last_use.get(name, -1) > index}
        # Behind a transposition channels are no longer where maps have them.
        if convolved and varying == {node.output[0]} and node.op_type != "Transpose":
            passages.append(node.output[0])
    return passages


def _answer(nodes: Sequence[onnx.NodeProto]) -> tuple[str, bool]:
    """The value from which logits come, and whether it is these or their softmax."""
    last = nodes[-1]
    return (last.input[0], True) if last.op_type == "Softmax" else (PROBABILITIES, False)


def _cut(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], outputs: Sequence[str]
) -> onnx.ModelProto:
    """The model with these nodes, and these outputs instead of its own."""
    kept = [copy.deepcopy(node) for node in nodes]
    part = copy.deepcopy(model)
    del part.graph.node[:], part.graph.output[:], part.graph.value_info[:]
    part.graph.node.extend(kept)
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return part
