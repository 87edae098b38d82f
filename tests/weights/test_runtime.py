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
from streamfer.weights.catalogue import resolve
from streamfer.weights.runtime import choose_device, load_network, runtime_of

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
    assert centerface.runtime == runtime_of("cpu") == "onnxruntime-cpu-fp32"
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


@needs_cuda
def test_with_a_gpu_auto_takes_it():
    assert choose_device("auto") == choose_device("cuda") == "cuda"


@needs_cuda
def test_a_gpu_gives_what_the_processor_gives(centerface):
    network = load_network(resolve("centerface", "detector"), "cuda", free_dims=PICTURE_AXES)
    pictures = {"input.1": crops(3, 256, 320)}

    for name, value in network.run(pictures).items():
        np.testing.assert_allclose(value, centerface.run(pictures)[name], rtol=0, atol=1e-3)
