"""Stores the weights of a recurrent network as bytes, which halves its file again.

Each row of a matrix has a scale of its own. Weights are made float32 when the file is loaded, and
all arithmetic stays in float32: nothing but the rounding of the weights changes.
"""

import numpy as np
import onnx

LARGE = 10_000  # numbers; what is smaller stays in half precision
LEVELS = 127


def shrink(model: onnx.ModelProto) -> None:
    """Replace the large half-precision weights of `model`, each widened by a node of its own."""
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        half = weights.get(node.input[0]) if node.op_type == "Cast" else None
        if half is None or np.prod(half.dims) < LARGE:
            nodes.append(node)
            continue
        name = node.output[0]
        values = onnx.numpy_helper.to_array(half).astype(np.float32)
        scale = np.abs(values).max(-1, keepdims=True).clip(min=1e-12) / LEVELS
        rounded = np.rint(values / scale).astype(np.int8)
        half.CopyFrom(onnx.numpy_helper.from_array(rounded, f"{name}_bytes"))
        graph.initializer.append(onnx.numpy_helper.from_array(scale, f"{name}_scale"))
        nodes += [
            onnx.helper.make_node(
                "Cast", [f"{name}_bytes"], [f"{name}_whole"], to=onnx.TensorProto.FLOAT
            ),
            onnx.helper.make_node("Mul", [f"{name}_whole", f"{name}_scale"], [name]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
