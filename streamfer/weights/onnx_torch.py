"""Executes an ONNX graph in torch, so that the networks run wherever torch does.

It knows the operators of the networks that are shipped, in the sense of opsets up to 17, and
refuses any other. Only inference; of every operator the first output alone is used. What decides
over shapes is read once, when the module is made, so that a GPU never waits for it. Probabilities
are computed in float32 even where the layers before them are not.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn
from torch.nn import functional

from streamfer.errors import UsageError
from streamfer.weights.onnx_torch_recurrent import gru, lstm, require_usual

Attributes = dict[str, Any]
Weights = dict[str, NDArray[Any]]
Operator = Callable[..., Tensor]

NEWEST_OPSET = 17


class OnnxModule(nn.Module):
    """An ONNX graph as a torch module.

    Raises:
        UsageError: The graph has an operator or an opset that is not known here.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        graph = model.graph
        opset = max((entry.version for entry in model.opset_import), default=0)
        if opset > NEWEST_OPSET:
            raise UsageError(f"its opset is {opset}; the torch runtime knows {NEWEST_OPSET}.")
        weights = _weights(graph, opset)
        self._outputs = [output.name for output in graph.output]
        nodes = [node for node in graph.node if node.output[0] not in weights]
        self._steps = _steps(nodes, weights, keep=set(self._outputs))
        used = {name for step in self._steps for name in step.inputs}
        self._buffer_of: dict[str, str] = {}  # torch allows no dots in the names of buffers
        for name in sorted(used & weights.keys()):
            self._buffer_of[name] = f"weight_{len(self._buffer_of)}"
            self.register_buffer(self._buffer_of[name], torch.from_numpy(weights[name].copy()))

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The graph's outputs by name; inputs lie on the device of the weights."""
        values: dict[str, Tensor | None] = {"": None, **inputs}
        for name, buffer in self._buffer_of.items():
            values[name] = self.get_buffer(buffer)
        for step in self._steps:
            arguments = [values[name] for name in step.inputs]
            values[step.output] = step.operator(step.attributes, *arguments)
            for name in step.last_used:
                del values[name]
        return {name: values[name] for name in self._outputs}  # type: ignore[misc]


@dataclass(frozen=True)
class _Step:
    """One node of the graph; `last_used` are the values that no later node needs."""

    operator: Operator
    attributes: Attributes
    inputs: tuple[str, ...]
    output: str
    last_used: tuple[str, ...]


def _weights(graph: onnx.GraphProto, opset: int) -> Weights:
    """All that does not depend on the inputs: initialisers, and what is computed of them alone."""
    weights = {weight.name: numpy_helper.to_array(weight) for weight in graph.initializer}
    for node in graph.node:
        if not node.domain and all(name in weights for name in node.input if name):
            evaluator = ReferenceEvaluator(node, opsets={"": opset})
            try:
                values = evaluator.run(None, {name: weights[name] for name in node.input if name})
            except Exception as error:  # noqa: BLE001 - it has no class for what it cannot do
                raise UsageError(f"its {node.op_type} of constants fails: {error}") from None
            weights |= zip(node.output, values, strict=True)
    return weights


def _steps(nodes: Sequence[onnx.NodeProto], weights: Weights, keep: set[str]) -> list[_Step]:
    steps = []
    needed = set(keep)
    for node in reversed(nodes):
        if node.op_type not in _OPERATORS:
            raise UsageError(f"its operator {node.op_type} is not known to the torch runtime.")
        if needed & set(node.output[1:]):
            raise UsageError(f"the torch runtime has only the first output of {node.op_type}.")
        inputs = tuple(node.input[:1] if node.op_type in ("Pad", *_TOLD_WHERE) else node.input)
        names = set(inputs) - {""}
        steps.append(
            _Step(
                _OPERATORS[node.op_type],
                _attributes(node, weights),
                inputs,
                node.output[0],
                tuple(names - needed),
            )
        )
        needed |= names
    return steps[::-1]


def _attributes(node: onnx.NodeProto, weights: Weights) -> Attributes:
    """A node's attributes, with its padding as torch wants it.

    `padding` is that of both sides of each axis, which torch's operators take. Where the sides
    differ it is 0, and `frame` is what must be put around the input before.
    """
    found = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    if node.op_type == "Pad":
        return found | {"frame": _frame(_constant_pads(node, weights))}
    if (name := _TOLD_WHERE.get(node.op_type)) and name not in found:  # older opsets have it there
        return found | {name: _places(node, weights)}
    if node.op_type in ("GRU", "LSTM"):
        require_usual(node)
    if found.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise UsageError("its padding depends on the picture's size; the torch runtime's does not.")
    pads = found.get("pads", [0, 0, 0, 0])
    half = len(pads) // 2
    if pads[:half] == pads[half:]:
        return found | {"padding": pads[:half], "frame": None}
    if node.op_type not in ("Conv", "MaxPool"):
        raise UsageError(f"the torch runtime pads {node.op_type} equally on opposite sides only.")
    return found | {"padding": 0, "frame": _frame(pads)}


def _places(node: onnx.NodeProto, weights: Weights) -> int | list[int]:
    given = weights.get(node.input[1]) if len(node.input) > 1 else None
    if given is None or (node.op_type == "Gather" and given.ndim):
        raise UsageError(f"the torch runtime's {node.op_type} must be told once for all where.")
    places: int | list[int] = given.tolist()
    return places


def _constant_pads(node: onnx.NodeProto, weights: Weights) -> list[int]:
    given = [weights.get(name) for name in node.input[1:] if name]
    mode = [helper.get_attribute_value(entry) for entry in node.attribute if entry.name == "mode"]
    if (
        any(value is None for value in given)
        or given[1:] not in ([], [0])
        or mode not in ([], [b"constant"])
    ):
        raise UsageError("the torch runtime pads with zeros only, and as wide as the file says.")
    pads: list[int] = weights[node.input[1]].tolist()
    return pads


def _frame(pads: Sequence[int]) -> list[int]:
    """ONNX gives lengths before all axes, then after all; torch both of the last axis first."""
    half = len(pads) // 2
    pairs = reversed(list(zip(pads[:half], pads[half:], strict=True)))
    return [length for pair in pairs for length in pair]


def _framed(attributes: Attributes, x: Tensor, value: float = 0.0) -> Tensor:
    frame = attributes["frame"]
    return x if frame is None else functional.pad(x, frame, value=value)


def _conv(attributes: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv2d(
        _framed(attributes, x),
        weight,
        bias,
        stride=attributes.get("strides", 1),
        padding=attributes["padding"],
        dilation=attributes.get("dilations", 1),
        groups=attributes.get("group", 1),
    )


def _conv_transpose(
    attributes: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    return functional.conv_transpose2d(
        x,
        weight,
        bias,
        stride=attributes.get("strides", 1),
        padding=attributes["padding"],
        output_padding=attributes.get("output_padding", 0),
        groups=attributes.get("group", 1),
        dilation=attributes.get("dilations", 1),
    )


def _average_pool(attributes: Attributes, x: Tensor) -> Tensor:
    return functional.avg_pool2d(
        x,
        attributes["kernel_shape"],
        attributes.get("strides", 1),
        attributes["padding"],
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
        count_include_pad=bool(attributes.get("count_include_pad", 0)),
    )


def _max_pool(attributes: Attributes, x: Tensor) -> Tensor:
    return functional.max_pool2d(
        _framed(attributes, x, -torch.inf),
        attributes["kernel_shape"],
        attributes.get("strides", 1),
        attributes["padding"],
        attributes.get("dilations", 1),
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
    )


def _batch_norm(attributes: Attributes, x: Tensor, *statistics: Tensor) -> Tensor:
    scale, bias, mean, variance = statistics
    epsilon = attributes.get("epsilon", 1e-5)
    return functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)


def _flatten(attributes: Attributes, x: Tensor) -> Tensor:
    axis = attributes.get("axis", 1)
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def _gemm(attributes: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a = a.T if attributes.get("transA", 0) else a
    b = b.T if attributes.get("transB", 0) else b
    product: Tensor = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def _reduce_mean(attributes: Attributes, x: Tensor) -> Tensor:
    return x.mean(attributes["axes"], keepdim=bool(attributes.get("keepdims", 1)))


def _reduce_sum(attributes: Attributes, x: Tensor) -> Tensor:
    return x.sum(attributes["axes"], keepdim=bool(attributes.get("keepdims", 1)))


def _unsqueeze(attributes: Attributes, x: Tensor) -> Tensor:
    rank = x.dim() + len(attributes["axes"])
    for axis in sorted(axis % rank for axis in attributes["axes"]):
        x = x.unsqueeze(axis)
    return x


def _cast(attributes: Attributes, x: Tensor) -> Tensor:
    numpy_type = helper.tensor_dtype_to_np_dtype(attributes["to"])
    return x.to(torch.from_numpy(np.empty(0, numpy_type)).dtype)


# Operators whose second input says which axes, or which place on one, are meant.
_TOLD_WHERE = {"Gather": "place", "ReduceSum": "axes", "Squeeze": "axes", "Unsqueeze": "axes"}

_OPERATORS: dict[str, Operator] = {
    "Add": lambda _, a, b: a + b,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Concat": lambda attributes, *parts: torch.cat(parts, attributes["axis"]),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Div": lambda _, a, b: a / b,
    "Flatten": _flatten,
    "GRU": gru,
    "Gather": lambda attributes, x: x.select(attributes.get("axis", 0), attributes["place"]),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "Identity": lambda _, x: x,
    "LSTM": lstm,
    "MatMul": lambda _, a, b: a @ b,
    "Max": lambda _, *values: functools.reduce(torch.maximum, values),
    "MaxPool": _max_pool,
    "Mul": lambda _, a, b: a * b,
    "Pad": _framed,
    "ReduceMean": _reduce_mean,
    "ReduceSum": _reduce_sum,
    "Relu": lambda _, x: torch.relu(x),
    "Sigmoid": lambda _, x: torch.sigmoid(x.float()),
    "Softmax": lambda attributes, x: torch.softmax(x.float(), attributes.get("axis", -1)),
    "Sqrt": lambda _, x: torch.sqrt(x),
    "Squeeze": lambda attributes, x: x.squeeze(attributes["axes"]),
    "Sub": lambda _, a, b: a - b,
    "Tanh": lambda _, x: torch.tanh(x),
    "Transpose": lambda attributes, x: x.permute(attributes["perm"]),
    "Unsqueeze": _unsqueeze,
}
