import numpy as np
import onnx
import pytest
import skimage
import torch
from onnx import TensorProto, helper

from streamfer.errors import UsageError
from streamfer.weights.catalogue import resolve
from streamfer.weights.onnx_torch import OnnxModule
from streamfer.weights.runtime import load_network


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def pictures(kind: str, count: int, height: int, width: int) -> np.ndarray:
    """Noise, or different parts of a photograph: uint8 (N, H, W, 3) RGB."""
    if kind == "noise":
        return np.random.default_rng(7).integers(0, 256, (count, height, width, 3), np.uint8)
    photograph = skimage.data.astronaut()
    return np.array(
        [photograph[16 * i :, 100 + 16 * i :][:height, :width] for i in range(count)], np.uint8
    ).reshape(count, height, width, 3)


def assert_same(path, inputs: dict[str, np.ndarray], **load: tuple[int, ...]) -> None:
    expected = load_network(path, "cpu", **load).run(inputs)
    found = OnnxModule(onnx.load(path)).run(inputs)

    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", ["noise", "photograph"])
@pytest.mark.parametrize(
    ("count", "height", "width"), [(1, 32, 32), (3, 96, 160), (2, 256, 128), (1, 384, 352)]
)
def test_the_detector_gives_what_onnx_runtime_gives(kind, count, height, width):
    batch = pictures(kind, count, height, width).transpose(0, 3, 1, 2).astype(np.float32)

    assert_same(resolve("default", "detector"), {"input.1": batch}, free_dims=(0, 2, 3))


@pytest.mark.parametrize("kind", ["noise", "photograph"])
@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_the_backbone_gives_what_onnx_runtime_gives(kind, count):
    assert_same(resolve("default", "backbone"), {"faces": pictures(kind, count, 48, 48)})


def model_of(nodes: list[onnx.NodeProto], opset: int = 17) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "test",
        [value("x", TensorProto.FLOAT, [1, 1, 4, 4])],
        [value("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3, 3], [1.0] * 9)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def test_an_unknown_operator_is_refused_by_name():
    with pytest.raises(UsageError, match="operator LSTM is not known"):
        OnnxModule(model_of([helper.make_node("LSTM", ["x", "w"], ["y"])]))


def test_a_newer_opset_is_refused():
    with pytest.raises(UsageError, match="opset is 18"):
        OnnxModule(model_of([helper.make_node("Relu", ["x"], ["y"])], opset=18))


@pytest.mark.parametrize("padding", [{"pads": [0, 0, 1, 1]}, {"auto_pad": "SAME_UPPER"}])
def test_padding_that_torch_does_not_know_is_refused(padding):
    module = OnnxModule(model_of([helper.make_node("Conv", ["x", "w"], ["y"], **padding)]))

    with pytest.raises(UsageError, match="padding is not symmetric"):
        module.run({"x": np.zeros((1, 1, 4, 4), np.float32)})


def test_a_value_used_twice_and_an_output_used_further_are_kept():
    model = model_of(
        [
            helper.make_node("Add", ["x", "x"], ["twice"]),
            helper.make_node("Add", ["twice", "x"], ["y"]),
            helper.make_node("Sub", ["y", "twice"], ["z"]),
        ]
    )
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, None))

    found = OnnxModule(model).run({"x": np.full((1, 1, 4, 4), 5, np.float32)})

    assert np.unique(found["y"]) == [15]
    assert np.unique(found["z"]) == [5]
