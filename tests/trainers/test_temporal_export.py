import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.learnt import load_learnt
from streamfer.weights.onnx_torch import OnnxModule
from streamfer.weights.torch_runtime import TorchRun
from tests.emotion.temporal.random_networks import (
    BACKBONE,
    METHODS,
    random_network,
    random_windows,
    tensors,
    write_random,
)

NUMBERS = 10 * 513 + 129  # that a network reads of a window, at most

every_kind = pytest.mark.parametrize("kind", [*((m, False) for m in METHODS), ("cnn-gru", True)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("methods")


@pytest.fixture
def path(kind: tuple[str, bool], folder: Path) -> Path:
    method, listens = kind
    path = folder / f"{method}-{listens}.onnx"
    return path if path.exists() else write_random(path, method, listens=listens)


@pytest.fixture
def net(kind: tuple[str, bool]) -> nn.Module:
    method, listens = kind
    return random_network(method, listens=listens)


def expected(net: nn.Module, count: int, gaps: str) -> np.ndarray:
    windows = random_windows(count, gaps=gaps, hears=True)
    with torch.inference_mode():
        arguments = tensors(windows)[: 4 if hasattr(net, "face") else 2]
        return net(*arguments).softmax(dim=1).numpy()


@every_kind
@pytest.mark.parametrize("count", [0, 1, 3, 70])
@pytest.mark.parametrize("gaps", ["mask", "repeat"])
def test_the_file_gives_what_torch_gives(net: nn.Module, path: Path, count: int, gaps: str):
    method = load_learnt(path)
    assert method.runtime == "onnxruntime-cpu-fp32"

    found = method.recognise(random_windows(count, gaps=gaps, hears=True))

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(net, count, gaps), rtol=0, atol=1e-4)
    if count == 70:
        assert np.ptp(found, axis=0).max() > 0.4, "all windows look alike, so nothing is tested"


def in_torch(path: Path, precision: str, rows: int, count: int) -> np.ndarray:
    """What the runtime of GPUs gives, so many rows at once."""
    model = onnx.load(path)
    run = TorchRun(OnnxModule(model), "cpu", precision, full=rows * NUMBERS)
    inputs = (x.numpy() for x in tensors(random_windows(count, hears=True)))
    names = [value.name for value in model.graph.input]
    return run(dict(zip(names, inputs, strict=False)))["probabilities"]


@every_kind
@pytest.mark.parametrize("rows", [1, 5])
def test_the_runtime_of_gpus_gives_the_same(net: nn.Module, path: Path, rows: int):
    found = in_torch(path, "fp32", rows, count=12)
    np.testing.assert_allclose(found, expected(net, 12, "mask"), rtol=0, atol=1e-4)


@every_kind
def test_in_half_precision_it_says_nearly_the_same(net: nn.Module, path: Path):
    found = in_torch(path, "fp16", rows=64, count=64)
    np.testing.assert_allclose(found, expected(net, 64, "mask"), rtol=0, atol=0.02)


@every_kind
def test_a_window_does_not_depend_on_those_beside_it(path: Path):
    windows = random_windows(9, hears=True)
    network = load_learnt(path).network
    inputs = {
        name: x.numpy() for name, x in zip(network.input_shapes, tensors(windows), strict=False)
    }

    together = network.run(inputs)["probabilities"]

    for row in range(9):
        alone = network.run({name: x[row : row + 1] for name, x in inputs.items()})
        np.testing.assert_allclose(together[row], alone["probabilities"][0], rtol=0, atol=1e-5)


@every_kind
def test_it_takes_two_bytes_a_weight(net: nn.Module, path: Path):
    count = sum(parameter.numel() for parameter in net.parameters())
    assert 2 * count < path.stat().st_size < 2 * count + 30_000


def test_it_says_what_it_is(folder: Path):
    analysis = Analysis(fps=10, window_s=1.5, stride_s=0.5)
    path = write_random(folder / "other.onnx", "cnn-svm", analysis=analysis)

    model = onnx.load(path)

    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    method = load_learnt(path)
    assert method.network.input_shapes == {"embeddings": (None, 15, 512), "present": (None, 15)}
    assert json.loads(method.network.metadata["labels"]) == list(EMOTIONS)
    assert (method.name, method.backbone_sha256) == ("cnn-svm", BACKBONE)
    assert (method.fps, method.window_s, method.listens) == (10, 1.5, False)


def test_nothing_in_it_asks_how_many_windows_there_are(folder: Path):
    """Or a GPU would have to wait for the answer."""
    model = onnx.load(write_random(folder / "asked.onnx", "cnn-lstm-a"))
    assert {node.op_type for node in model.graph.node}.isdisjoint({"Shape", "ConstantOfShape"})
