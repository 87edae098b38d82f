import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_lstm_a import CnnLstmA
from trainers.temporal.export import write_method
from trainers.temporal.shrink import shrink


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A network whose weights are in half precision, and the same with bytes."""
    path = tmp_path_factory.mktemp("models") / "half.onnx"
    torch.manual_seed(0)
    net = CnnLstmA()
    net.fc.weight.data *= 20  # what is untrained hardly tells windows apart
    write_method(
        net,
        path,
        method="cnn-lstm-a",
        backbone_sha256="0" * 64,
        analysis=Analysis(),
        notes={},
    )
    model = onnx.load(path)
    shrink(model)
    return onnx.load(path), model


def run(model, windows):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    inputs = {"embeddings": windows, "present": np.ones(windows.shape[:2], np.float32)}
    return session.run(None, inputs)[0]


def test_the_file_is_half_as_large_and_says_the_same(models):
    half, small = models
    assert small.ByteSize() < 0.55 * half.ByteSize()
    windows = np.random.default_rng(0).gamma(0.5, 2, (20, 10, 512)).astype(np.float32)
    one, other = run(half, windows), run(small, windows)
    assert np.ptp(one, axis=0).max() > 0.2
    assert np.abs(one - other).max() < 0.01
    assert not np.array_equal(one, other)


def test_weights_are_off_by_half_a_step_at_most(models):
    half, small = models
    given = {t.name: onnx.numpy_helper.to_array(t) for t in half.graph.initializer}
    kept = {t.name: onnx.numpy_helper.to_array(t) for t in small.graph.initializer}
    shrunk = [name.removesuffix("_bytes") for name in kept if name.endswith("_bytes")]
    assert len(shrunk) == 5
    for name in shrunk:
        step = kept[f"{name}_scale"]
        error = np.abs(kept[f"{name}_bytes"] * step - given[f"{name}_half"])
        assert (error <= step / 2 * 1.001).all()


def test_metadata_stays(models):
    half, small = models
    assert {e.key: e.value for e in half.metadata_props} == {
        e.key: e.value for e in small.metadata_props
    }
