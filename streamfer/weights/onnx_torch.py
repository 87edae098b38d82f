"""Executes an ONNX graph in torch, so that the networks run wherever torch does.

It knows the operators of the networks in the catalogue, in the sense of opsets up to 17, and
refuses any other. Only inference; every operator has one output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from streamfer.errors import UsageError

Attributes = dict[str, Any]
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
        self._buffer_of: dict[str, str] = {}  # torch allows no dots in the names of buffers
        for name, weight in _weights(graph).items():
            self._buffer_of[name] = f"weight_{len(self._buffer_of)}"
            self.register_buffer(self._buffer_of[name], torch.from_numpy(weight.copy()))
        self._outputs = [output.name for output in graph.output]
        nodes = [node for node in graph.node if node.op_type != "Constant"]
        self._steps = _steps(nodes, keep=set(self._outputs))

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

    def run(self, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """`forward` on numpy arrays, in full float32 precision."""
        device = self.get_buffer("weight_0").device
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            outputs = self({name: torch.as_tensor(x).to(device) for name, x in inputs.items()})
        return {name: value.cpu().numpy() for name, value in outputs.items()}


@dataclass(frozen=True)
class _Step:
    """One node of the graph; `last_used` are the values that no later node needs."""

    operator: Operator
    attributes: Attributes
    inputs: tuple[str, ...]
    output: str
    last_used: tuple[str, ...]


def _weights(graph: onnx.GraphProto) -> dict[str, NDArray[Any]]:
    """What does not depend on the inputs: initialisers, and constants among the nodes."""
    weights = {weight.name: weight for weight in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            weights[node.output[0]] = node.attribute[0].t
    return {name: numpy_helper.to_array(weight) for name, weight in weights.items()}


def _steps(nodes: Sequence[onnx.NodeProto], keep: set[str]) -> list[_Step]:
    steps = []
    needed = set(keep)
    for node in reversed(nodes):
        if node.op_type not in _OPERATORS:
            raise UsageError(f"its operator {node.op_type} is not known to the torch runtime.")
        names = set(node.input) - {""}
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        steps.append(
            _Step(
                _OPERATORS[node.op_type],
                attributes,
                tuple(node.input),
                node.output[0],
                tuple(names - needed),
            )
        )
        needed |= names
    return steps[::-1]


def _symmetric_pads(attributes: Attributes) -> list[int]:
    """ONNX gives the padding before all axes, then after all; torch knows one for both sides."""
    pads = attributes.get("pads", [0, 0, 0, 0])
    half = len(pads) // 2
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET" or pads[:half] != pads[half:]:
        raise UsageError("its padding is not symmetric, which the torch runtime does not know.")
    return list(pads[:half])


def _conv(attributes: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv2d(
        x,
        weight,
        bias,
        stride=attributes.get("strides", 1),
        padding=_symmetric_pads(attributes),
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
        padding=_symmetric_pads(attributes),
        output_padding=attributes.get("output_padding", 0),
        groups=attributes.get("group", 1),
        dilation=attributes.get("dilations", 1),
    )


def _average_pool(attributes: Attributes, x: Tensor) -> Tensor:
    return functional.avg_pool2d(
        x,
        attributes["kernel_shape"],
        attributes.get("strides", 1),
        _symmetric_pads(attributes),
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
        count_include_pad=bool(attributes.get("count_include_pad", 0)),
    )


def _batch_norm(attributes: Attributes, x: Tensor, *statistics: Tensor) -> Tensor:
    scale, bias, mean, variance = statistics
    epsilon = attributes.get("epsilon", 1e-5)
    return functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)


def _gemm(attributes: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a = a.T if attributes.get("transA", 0) else a
    b = b.T if attributes.get("transB", 0) else b
    product: Tensor = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def _reduce_mean(attributes: Attributes, x: Tensor) -> Tensor:
    return x.mean(attributes["axes"], keepdim=bool(attributes.get("keepdims", 1)))


def _cast(attributes: Attributes, x: Tensor) -> Tensor:
    numpy_type = helper.tensor_dtype_to_np_dtype(attributes["to"])
    return x.to(torch.from_numpy(np.empty(0, numpy_type)).dtype)


_OPERATORS: dict[str, Operator] = {
    "Add": lambda _, a, b: a + b,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Div": lambda _, a, b: a / b,
    "Gemm": _gemm,
    "ReduceMean": _reduce_mean,
    "Relu": lambda _, x: torch.relu(x),
    "Sigmoid": lambda _, x: torch.sigmoid(x),
    "Softmax": lambda attributes, x: torch.softmax(x, attributes.get("axis", -1)),
    "Sub": lambda _, a, b: a - b,
    "Transpose": lambda attributes, x: x.permute(attributes["perm"]),
}
