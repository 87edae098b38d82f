import hashlib
import subprocess
import sys

import numpy as np
import onnx
import pytest
import skimage
import torch
from onnx import TensorProto, helper

from streamfer.errors import UsageError
from streamfer.weights.catalogue import MODELS, resolve
from streamfer.weights.runtime import (
    INT8_TWINS,
    RUNTIMES,
    choose_device,
    load_network,
    model_name,
    module_network,
)

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is present")

PICTURE_AXES = (0, 2, 3)


@pytest.fixture(scope="module")
def centerface():
    return load_network(resolve("centerface", "detector"), "cpu", free_dims=PICTURE_AXES)


def crops(count: int, height: int, width: int) -> np.ndarray:
    """Different parts of a photograph as CenterFace takes them, float32 (N, 3, H, W)."""
    photograph = skimage.data.astronaut()
    parts = [photograph[16 * i :, 16 * i :][:height, :width] for i in range(count)]
    return np.stack(parts).transpose(0, 3, 1, 2).astype(np.float32)


def save(path, nodes, shape=("N", 4), opset=17):
    """An ONNX file whose graph maps float32 `x` to `y`."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]), path)
    return path


def test_a_network_says_what_it_is(centerface):
    path = resolve("centerface", "detector")

    assert centerface.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert centerface.runtime == "onnxruntime-cpu-fp32"
    assert centerface.input_shapes == {"input.1": (None, 3, None, None)}


def test_stored_lengths_hold_where_they_are_not_freed():
    network = load_network(resolve("centerface", "detector"), "cpu")

    assert network.input_shapes == {"input.1": (10, 3, 32, 32)}


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 320), (352, 96), (480, 448)])
def test_a_freed_network_takes_any_multiple_of_32(centerface, height, width):
    heads = centerface.run({"input.1": crops(1, height, width)})

    assert {name: value.shape for name, value in heads.items()} == {
        "537": (1, 1, height // 4, width // 4),
        "538": (1, 2, height // 4, width // 4),
        "539": (1, 2, height // 4, width // 4),
        "540": (1, 10, height // 4, width // 4),
    }


def test_a_batch_gives_what_its_pictures_give_alone(centerface):
    pictures = crops(5, 160, 192)

    together = centerface.run({"input.1": pictures})
    alone = [centerface.run({"input.1": picture[None]}) for picture in pictures]

    assert together["537"].max() > 0.5, "the astronaut's face must be seen, or nothing is tested"
    for name, batch in together.items():
        np.testing.assert_allclose(
            batch, np.concatenate([one[name] for one in alone]), rtol=0, atol=1e-5
        )


def test_the_precision_of_a_processor_is_the_files_own(tmp_path):
    path = save(
        tmp_path / "net.onnx",
        [
            helper.make_node("QuantizeLinear", ["x", "scale"], ["bytes"]),
            helper.make_node("DequantizeLinear", ["bytes", "scale"], ["y"]),
        ],
    )
    model = onnx.load(path)
    model.graph.initializer.append(helper.make_tensor("scale", TensorProto.FLOAT, [], [0.5]))
    onnx.save(model, path)

    network = load_network(path, "cpu")

    assert network.runtime == "onnxruntime-cpu-int8"
    rows = np.float32([[0.1, 0.6, 0.9, 2]])
    np.testing.assert_array_equal(network.run({"x": rows})["y"], [[0, 0.5, 1, 2]])


def test_a_runtime_that_cannot_run_a_file_leaves_it_to_the_next(tmp_path):
    unknown_to_torch = save(tmp_path / "net.onnx", [helper.make_node("Abs", ["x"], ["y"])])

    network = load_network(unknown_to_torch, "cpu", runtimes=["torch-cpu-fp16", "onnxruntime-cpu"])

    assert network.runtime == "onnxruntime-cpu-fp32"
    rows = np.float32([[-2, 3, 0, -1]])
    np.testing.assert_array_equal(network.run({"x": rows})["y"], [[2, 3, 0, 1]])


def test_a_gpu_is_given_up_only_for_files_that_nothing_there_can_run():
    assert RUNTIMES["cuda"][-1] == "onnxruntime-cpu"
    assert all("cuda" in runtime for runtime in RUNTIMES["cuda"][:-1])


def test_a_module_is_a_network():
    class Doubling(torch.nn.Module):
        def forward(self, inputs):
            return {"y": 2 * inputs["x"]}

    shapes = {"x": (None, 4)}

    network = module_network(
        Doubling(), "cpu", sha256="0" * 64, metadata={"labels": "[]"}, input_shapes=shapes
    )

    assert network.runtime == "torch-cpu-fp32"
    assert (network.sha256, network.metadata["labels"]) == ("0" * 64, "[]")
    assert network.input_shapes == shapes
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(network.run({"x": rows})["y"], 2 * rows)


def test_the_default_is_the_int8_twin_on_a_processor_and_the_float_network_on_a_gpu():
    assert model_name("default", "detector", "cpu") == "centerface-int8"
    assert model_name("default", "detector", "cuda") == "centerface"


@pytest.mark.parametrize("name", ["centerface", "centerface-int8", "own.onnx"])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_name_is_that_network_on_every_device(name, device):
    assert model_name(name, "detector", device) == name


def test_every_twin_is_the_same_kind_of_model_and_is_computed_in_int8():
    models = {model.name: model for model in MODELS}

    for name, twin in INT8_TWINS.items():
        exact, quantised = models[name], models[twin]
        assert exact.task == quantised.task
        assert exact.default
        assert not quantised.default
        network = load_network(resolve(twin, quantised.task), "cpu")
        assert network.runtime == "onnxruntime-cpu-int8"


def test_metadata_is_read(tmp_path):
    path = save(tmp_path / "net.onnx", [helper.make_node("Relu", ["x"], ["y"])])
    model = onnx.load(path)
    helper.set_model_props(model, {"labels": "[1]"})
    onnx.save(model, path)

    assert load_network(path, "cpu").metadata == {"labels": "[1]"}


def test_a_processor_needs_no_torch_and_nothing_is_written_to_the_screen():
    code = """
import sys
import numpy as np
from streamfer.weights.catalogue import resolve
from streamfer.weights.runtime import choose_device, load_network
network = load_network(
    resolve("default", "detector"), choose_device("cpu"), free_dims=(0, 2, 3))
network.run({"input.1": np.zeros((1, 3, 64, 64), np.float32)})
try:
    network.run({"input.1": np.zeros((1, 3, 50, 50), np.float32)})
except Exception:
    pass
else:
    raise SystemExit("50 is no multiple of 32")
if "torch" in sys.modules:
    raise SystemExit("torch was imported")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("content", [b"", b"not a network", bytes(range(256))])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "some.onnx"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=r"some\.onnx"):
        load_network(path, "cpu")


def test_a_truncated_model_is_refused(tmp_path):
    path = tmp_path / "half.onnx"
    path.write_bytes(resolve("centerface", "detector").read_bytes()[:100_000])

    with pytest.raises(UsageError, match=r"half\.onnx is not a whole ONNX model"):
        load_network(path, "cpu")


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.onnx cannot be read: No such file"):
        load_network(tmp_path / "gone.onnx", "cpu")


def test_an_unknown_operator_is_refused_by_name(tmp_path):
    path = save(tmp_path / "net.onnx", [helper.make_node("Frobnicate", ["x"], ["y"])])

    with pytest.raises(UsageError, match=r"net\.onnx cannot be run: .*Frobnicate"):
        load_network(path, "cpu")


def test_the_processor_is_always_there():
    assert choose_device("cpu") == "cpu"


@without_cuda
def test_without_a_gpu_auto_means_the_processor_and_cuda_is_refused():
    assert choose_device("auto") == "cpu"
    with pytest.raises(UsageError, match=r"No CUDA device.*--device cpu"):
        choose_device("cuda")
    with pytest.raises(UsageError, match="No CUDA device"):
        load_network(resolve("centerface", "detector"), "cuda")
    with pytest.raises(UsageError, match="No CUDA device"):
        module_network(torch.nn.ReLU(), "cuda", sha256="", metadata={}, input_shapes={})


@needs_cuda
def test_with_a_gpu_auto_takes_it():
    assert choose_device("auto") == choose_device("cuda") == "cuda"


@needs_cuda
@pytest.mark.parametrize(("runtime", "tolerance"), [("fp32", 1e-3), ("fp16", 0.05)])
def test_a_gpu_gives_what_the_processor_gives(centerface, runtime, tolerance):
    network = load_network(
        resolve("centerface", "detector"),
        "cuda",
        free_dims=PICTURE_AXES,
        runtimes=[f"torch-cuda-{runtime}"],
    )
    pictures = crops(19, 256, 320)

    # Several sizes, and sizes again: each has a graph of its own.
    for batch in (pictures, pictures[:, :, :128], pictures[:2], pictures):
        expected = centerface.run({"input.1": batch})
        for name, value in network.run({"input.1": batch}).items():
            np.testing.assert_allclose(value, expected[name], rtol=0, atol=tolerance)


@needs_cuda
def test_on_a_gpu_a_batch_gives_what_its_pictures_give_alone():
    network = load_network(resolve("centerface", "detector"), "cuda", free_dims=PICTURE_AXES)
    pictures = crops(19, 256, 320)

    together = network.run({"input.1": pictures})

    assert network.runtime == RUNTIMES["cuda"][0]
    for row, picture in enumerate(pictures):
        for name, value in network.run({"input.1": picture[None]}).items():
            np.testing.assert_array_equal(value[0], together[name][row])
