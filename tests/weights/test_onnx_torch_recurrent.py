"""GRU and LSTM in torch give what ONNX Runtime gives, or are refused."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from streamfer.errors import UsageError
from streamfer.weights.onnx_torch import OnnxModule

GATES = {"LSTM": 4, "GRU": 3}
USUAL = {"LSTM": {}, "GRU": {"linear_before_reset": 1}}

both = pytest.mark.parametrize("kind", GATES)


def layer(
    kind: str, inputs: int = 6, hidden: int = 5, further: tuple[str, ...] = ("b",), **said: object
) -> onnx.ModelProto:
    """One layer from `x` (T, N, inputs) to `y` (T, 1, N, hidden), with random weights."""
    random = np.random.default_rng(3)
    rows = GATES[kind] * hidden
    shapes = {"w": (1, rows, inputs), "r": (1, rows, hidden), "b": (1, 2 * rows)}
    weights = {name: random.normal(size=shape) for name, shape in shapes.items()}
    weights["state"] = np.zeros((1, 2, hidden))
    node = helper.make_node(
        kind, ["x", "w", "r", *further], ["y", "h"], hidden_size=hidden, **USUAL[kind] | said
    )
    graph = helper.make_graph(
        [node],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", "N", inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(x.astype(np.float32), name) for name, x in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@both
@pytest.mark.parametrize(("length", "count"), [(1, 1), (10, 1), (7, 4)])
@pytest.mark.parametrize(("inputs", "hidden"), [(6, 5), (2, 9)])
@pytest.mark.parametrize("further", [("b",), (), ("b", ""), ("b", "", "")])
def test_a_layer_gives_what_onnx_runtime_gives(kind, length, count, inputs, hidden, further):
    model = layer(kind, inputs, hidden, further)
    x = np.random.default_rng(1).normal(size=(length, count, inputs)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (expected,) = session.run(["y"], {"x": x})

    with torch.inference_mode():
        found = OnnxModule(model)({"x": torch.from_numpy(x)})["y"].numpy()

    assert found.shape == (length, 1, count, hidden)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@both
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"direction": "reverse"}, "whose direction is b'reverse'"),
        ({"direction": "bidirectional"}, "whose direction is b'bidirectional'"),
        ({"layout": 1}, "whose layout is 1"),
        ({"clip": 3.0}, "whose clip is 3.0"),
        ({"activations": ["Relu", "Tanh", "Tanh"]}, "whose activations is"),
        ({"further": ("b", "", "state")}, "begins every .* at 0, and reads it all"),
        ({"further": ("b", "lengths")}, "begins every .* at 0, and reads it all"),
    ],
)
def test_what_torch_does_not_know_is_refused(kind, said, reason):
    with pytest.raises(UsageError, match=reason):
        OnnxModule(layer(kind, **said))


def test_other_gates_are_refused():
    with pytest.raises(UsageError, match="no GRU whose linear_before_reset is 0"):
        OnnxModule(layer("GRU", linear_before_reset=0))
    with pytest.raises(UsageError, match="no LSTM whose input_forget is 1"):
        OnnxModule(layer("LSTM", input_forget=1))
    unsaid = layer("GRU")
    (node,) = unsaid.graph.node
    kept = [entry for entry in node.attribute if entry.name != "linear_before_reset"]
    del node.attribute[:]
    node.attribute.extend(kept)
    with pytest.raises(UsageError, match="no GRU whose linear_before_reset is 0"):
        OnnxModule(unsaid)


@both
def test_a_layer_whose_last_state_is_used_is_refused(kind):
    model = layer(kind)
    model.graph.output.append(helper.make_tensor_value_info("h", TensorProto.FLOAT, None))
    with pytest.raises(UsageError, match=f"only the first output of {kind}"):
        OnnxModule(model)
