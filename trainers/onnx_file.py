"""Writes a torch module as an ONNX file of half the size.

Weights are stored in half precision, and widened when the file is loaded.
"""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from trainers.folding import folded

OPSET = 17
HALVED = 1000  # numbers; smaller tensors (biases) stay as they are


def write_onnx(
    net: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    path: Path,
    metadata: dict[str, str],
) -> None:
    """Write `net`, which takes `inputs` in their order and gives a tensor for each of `outputs`.

    All have the batch as their first axis, which may be of any length; the other lengths stay
    those of `inputs`. Batch norm is folded into the convolutions.
    """
    with warnings.catch_warnings():
        # The exporter that replaces this one needs a further package; and what this one does
        # not fold is folded below.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval(),
            tuple(inputs.values()),
            path,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={name: {0: "N"} for name in (*inputs, *outputs)},
            dynamo=False,
        )
    model = folded(_begun_at_zero(onnx.load(path)))
    _drop_unused_opsets(model)
    _halve_weights(model.graph)
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _begun_at_zero(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the first states of its recurrent layers, which are 0 where not given.

    The exporter writes these zeros out, and the nodes that find how many windows there are.
    """
    for node in model.graph.node:
        if node.op_type in ("GRU", "LSTM"):
            del node.input[4:]
    inputs, outputs = ([value.name for value in x] for x in (model.graph.input, model.graph.output))
    return onnx.utils.Extractor(model).extract_model(inputs, outputs)


def _drop_unused_opsets(model: onnx.ModelProto) -> None:
    used = {node.domain for node in model.graph.node}
    kept = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)


def _halve_weights(graph: onnx.GraphProto) -> None:
    """Store the large tensors as float16, each behind a node that makes it float32 again."""
    widened = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.size < HALVED or values.dtype != np.float32:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        widened.append(
            onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = widened + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
