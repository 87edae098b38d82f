import numpy as np
import onnx
import onnxruntime
import pytest
import skimage
import torch
from onnx import TensorProto, helper, numpy_helper

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


def in_torch(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    with torch.inference_mode():
        outputs = OnnxModule(model)({name: torch.from_numpy(x) for name, x in inputs.items()})
    return {name: value.numpy() for name, value in outputs.items()}


def assert_same(path, inputs: dict[str, np.ndarray], **load: tuple[int, ...]) -> None:
    expected = load_network(path, "cpu", **load).run(inputs)
    found = in_torch(onnx.load(path), inputs)

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

    assert_same(resolve("centerface", "detector"), {"input.1": batch}, free_dims=(0, 2, 3))


@pytest.mark.parametrize("kind", ["noise", "photograph"])
@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_the_backbone_gives_what_onnx_runtime_gives(kind, count):
    path = resolve("default", "backbone")
    side = load_network(path, "cpu").input_shapes["faces"][1]

    assert_same(path, {"faces": pictures(kind, count, side, side)})


def model_of(
    nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray] | None = None, opset: int = 17
) -> onnx.ModelProto:
    """A graph from float32 `x` (N, 2, 7, 9) to `y`; `w` is a weight of a convolution of it."""
    random = np.random.default_rng(0).normal(size=(3, 2, 3, 3)).astype(np.float32)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "test",
        [value("x", TensorProto.FLOAT, ["N", 2, 7, 9])],
        [value("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, name) for name, w in ({"w": random} | (weights or {})).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def assert_as_in_onnx_runtime(model: onnx.ModelProto) -> None:
    x = np.random.default_rng(1).normal(size=(2, 2, 7, 9)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )

    (expected,) = session.run(["y"], {"x": x})

    np.testing.assert_allclose(in_torch(model, {"x": x})["y"], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 2, 1, 2], [0, 0, 1, 2], [2, 0, 0, 1]])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_may_be_padded_differently_on_all_four_sides(pads, stride):
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=pads, strides=[stride, stride])

    assert_as_in_onnx_runtime(model_of([node]))


@pytest.mark.parametrize("pads", [[1, 1, 1, 1], [0, 0, 1, 0]])
def test_a_maximum_is_never_that_of_the_padding(pads):
    below_zero = [
        helper.make_node("Sub", ["x", "ten"], ["low"]),
        helper.make_node("MaxPool", ["low"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=pads),
    ]

    assert_as_in_onnx_runtime(model_of(below_zero, {"ten": np.float32([10])}))


@pytest.mark.parametrize("pads", [[0, 0, 1, 0, 0, 0, 2, 3], [0, 0, 0, 0, 0, 5, 0, 0]])
def test_pictures_and_channels_are_filled_up_with_zeros(pads):
    node = helper.make_node("Pad", ["x", "pads"], ["y"])

    assert_as_in_onnx_runtime(model_of([node], {"pads": np.int64(pads)}))


def test_what_is_computed_of_constants_alone_is_a_constant():
    """As torch writes padding, and as half-precision weights are stored."""
    nodes = [
        helper.make_node("Concat", ["begin", "end"], ["pads"], axis=0),
        helper.make_node("Pad", ["x", "pads", ""], ["padded"]),
        helper.make_node("Cast", ["half"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["padded", "whole"], ["y"]),
    ]
    weights = {
        "begin": np.int64([0, 0, 1, 1]),
        "end": np.int64([0, 0, 0, 0]),
        "half": np.random.default_rng(2).normal(size=(3, 2, 3, 3)).astype(np.float16),
    }

    assert_as_in_onnx_runtime(model_of(nodes, weights))


@pytest.mark.parametrize(
    ("nodes", "opset"),
    [
        ([helper.make_node("Gather", ["x", "last"], ["y"], axis=2)], 17),
        ([helper.make_node("Gather", ["x", "zero"], ["y"])], 17),
        ([helper.make_node("ReduceSum", ["x", "axes"], ["y"])], 17),
        ([helper.make_node("ReduceSum", ["x", "axes"], ["y"], keepdims=0)], 17),
        ([helper.make_node("ReduceSum", ["x"], ["y"], axes=[1, 3], keepdims=0)], 12),
        ([helper.make_node("Unsqueeze", ["x", "axes"], ["y"])], 17),
        ([helper.make_node("Unsqueeze", ["x"], ["y"], axes=[0, 3])], 12),
        (
            [
                helper.make_node("ReduceSum", ["x", "axes"], ["sums"]),
                helper.make_node("Squeeze", ["sums", "axes"], ["y"]),
            ],
            17,
        ),
        ([helper.make_node("Concat", ["x", "x", "x"], ["y"], axis=-1)], 17),
        ([helper.make_node("MatMul", ["x", "matrix"], ["y"])], 17),
        ([helper.make_node("Max", ["x", "one"], ["y"])], 17),
        ([helper.make_node("Max", ["one", "x", "rows"], ["y"])], 17),
        ([helper.make_node("Mul", ["x", "one"], ["y"])], 17),
        ([helper.make_node("Tanh", ["x"], ["y"])], 17),
        ([helper.make_node("Mul", ["x", "x"], ["z"]), helper.make_node("Sqrt", ["z"], ["y"])], 17),
    ],
    ids=lambda value: value[0].op_type if isinstance(value, list) else str(value),
)
def test_the_operators_around_recurrent_layers(nodes, opset):
    weights = {
        "last": np.int64(-1),
        "zero": np.int64(0),
        "axes": np.int64([-1, 2]),
        "matrix": np.random.default_rng(4).normal(size=(9, 9)).astype(np.float32),
        "rows": np.random.default_rng(5).normal(size=(7, 1)).astype(np.float32),
        "one": np.float32(0.5),
    }

    assert_as_in_onnx_runtime(model_of(nodes, weights, opset))


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("GlobalAveragePool", ["x"], ["y"]),
        *(helper.make_node("Flatten", ["x"], ["y"], axis=axis) for axis in (-1, 0, 1, 2)),
        helper.make_node("Flatten", ["x"], ["y"]),
        helper.make_node("Identity", ["x"], ["y"]),
    ],
    ids=lambda node: f"{node.op_type}-{[entry.i for entry in node.attribute]}",
)
def test_the_operators_between_maps_and_dense_layers(node):
    assert_as_in_onnx_runtime(model_of([node]))


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (helper.make_node("Gather", ["x", "several"], ["y"]), "Gather must be told once for all"),
        (helper.make_node("Squeeze", ["x"], ["y"]), "Squeeze must be told once for all"),
        (helper.make_node("ReduceSum", ["x", "x"], ["y"]), "ReduceSum must be told once for all"),
    ],
)
def test_what_depends_on_the_input_or_is_not_said_is_refused(node, reason):
    with pytest.raises(UsageError, match=reason):
        OnnxModule(model_of([node], {"several": np.int64([0, 1])}))


def test_an_unknown_operator_is_refused_by_name():
    with pytest.raises(UsageError, match="operator RNN is not known"):
        OnnxModule(model_of([helper.make_node("RNN", ["x", "w"], ["y"])]))


def test_constants_that_cannot_be_computed_are_refused():
    """As in RFB's file: onnx takes the form of older opsets for the newer one."""
    nodes = [
        helper.make_node("Unsqueeze", ["w"], ["deeper"], axes=[0]),
        helper.make_node("Add", ["x", "deeper"], ["y"]),
    ]

    with pytest.raises(UsageError, match="its Unsqueeze of constants fails: "):
        OnnxModule(model_of(nodes, opset=11))


def test_an_operator_of_somebody_elses_is_refused_even_where_it_could_be_computed_at_once():
    node = helper.make_node("Frobnicate", ["w"], ["y"], domain="example.com")

    with pytest.raises(UsageError, match="operator Frobnicate is not known"):
        OnnxModule(model_of([node]))


def test_a_newer_opset_is_refused():
    with pytest.raises(UsageError, match="opset is 18"):
        OnnxModule(model_of([helper.make_node("Relu", ["x"], ["y"])], opset=18))


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER"), "picture's size"),
        (
            helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
            "AveragePool equally on opposite sides only",
        ),
        (helper.make_node("Pad", ["x", "pads"], ["y"], mode="reflect"), "with zeros only"),
        (helper.make_node("Pad", ["x", "pads", "one"], ["y"]), "with zeros only"),
    ],
)
def test_padding_that_torch_does_not_know_is_refused(node, reason):
    weights = {"pads": np.int64([0, 0, 1, 1, 0, 0, 1, 1]), "one": np.float32(1)}

    with pytest.raises(UsageError, match=reason):
        OnnxModule(model_of([node], weights))


def test_a_value_used_twice_and_an_output_used_further_are_kept():
    model = model_of(
        [
            helper.make_node("Add", ["x", "x"], ["twice"]),
            helper.make_node("Add", ["twice", "x"], ["y"]),
            helper.make_node("Sub", ["y", "twice"], ["z"]),
        ]
    )
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, None))

    found = in_torch(model, {"x": np.full((1, 2, 7, 9), 5, np.float32)})

    assert np.unique(found["y"]) == [15]
    assert np.unique(found["z"]) == [5]
