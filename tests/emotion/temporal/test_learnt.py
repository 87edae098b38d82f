"""A trained method: what it gives, and the files that are none."""

import hashlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_lstm import CnnLstm
from streamfer.emotion.temporal.learnt import AT_ONCE, Learnt, load_learnt, require_settings
from streamfer.errors import UsageError
from streamfer.weights.catalogue import file_sha256
from tests.emotion.temporal.random_networks import (
    BACKBONE,
    random_network,
    random_windows,
    tensors,
    write_random,
)
from tests.emotion.trap import Trap

AUTHORS_BACKBONE = "8274190b5be4355bd2f07b59f593fcdb294f9d7c563bfa9ac9e5ea06c10692d2"
METADATA = {
    "method": "cnn-mean",
    "labels": json.dumps(EMOTIONS),
    "backbone_sha256": BACKBONE,
    "fps": "5",
    "window_s": "2",
}


def toy(
    path: Path,
    *,
    ticks: int = 10,
    width: int = 512,
    classes: int = 7,
    number: int = TensorProto.FLOAT,
    values: float = 0.01,
    metadata: dict[str, str | None] | None = None,
    inputs: tuple[str, str] = ("embeddings", "present"),
    output: str = "probabilities",
    final: str = "Softmax",
) -> Path:
    """A method that sees the mean of the window, good unless it is told otherwise."""
    embeddings, present = inputs
    random = np.random.default_rng(0).normal(0, 1, (width, classes)) * values
    graph = helper.make_graph(
        [
            helper.make_node("Cast", [present], ["seen"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["seen"], ["share"], axes=[1], keepdims=1),
            helper.make_node("ReduceMean", [embeddings], ["mean"], axes=[1], keepdims=0),
            helper.make_node("Div", ["mean", "share"], ["face"]),
            helper.make_node("Gemm", ["face", "to_classes"], ["logits"]),
            helper.make_node(final, ["logits"], [output]),
        ],
        "toy",
        [
            helper.make_tensor_value_info(embeddings, TensorProto.FLOAT, ("W", ticks, width)),
            helper.make_tensor_value_info(present, number, ("W", ticks)),
        ],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ("W", classes))],
        [numpy_helper.from_array(random.astype(np.float32), "to_classes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    said = METADATA | (metadata or {})
    helper.set_model_props(model, {key: text for key, text in said.items() if text is not None})
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the ten keys of the authors'."""
    path = tmp_path_factory.mktemp("weights") / "lstm.pt"
    torch.save(random_network("cnn-lstm").state_dict(), path)
    return path


def test_a_file_of_ones_own_may_have_any_network(tmp_path: Path):
    method = load_learnt(toy(tmp_path / "toy.onnx"))

    assert (method.name, method.backbone_sha256, method.context_s) == ("cnn-mean", BACKBONE, 0)
    assert method.sha256 == file_sha256(tmp_path / "toy.onnx")
    found = method.recognise(random_windows(5))
    assert found.shape == (5, 7)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=0, atol=1e-6)


def test_no_windows_give_no_rows(tmp_path: Path, weights: Path):
    for path in (weights, write_random(tmp_path / "gru.onnx")):
        found = load_learnt(path).recognise(random_windows(0))
        assert (found.shape, found.dtype) == ((0, 7), np.float32)


def test_of_many_windows_each_is_read_as_if_there_were_few(tmp_path: Path):
    method = load_learnt(write_random(tmp_path / "net.onnx", listens=True))
    windows = random_windows(AT_ONCE + 70, hears=True)
    said = method.recognise(windows)
    for rows in (np.arange(40), np.arange(AT_ONCE - 20, AT_ONCE + 70)):
        np.testing.assert_allclose(said[rows], method.recognise(windows.where(rows)), atol=1e-5)


def test_the_authors_file_gives_what_its_network_gives(weights: Path):
    method = load_learnt(weights)

    assert (method.name, method.runtime) == ("cnn-lstm", "torch-cpu-fp32")
    assert method.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert method.backbone_sha256 == AUTHORS_BACKBONE
    require_settings(method, Analysis())
    windows = random_windows(20, gaps="repeat")
    with torch.inference_mode():
        expected = random_network("cnn-lstm")(*tensors(windows)).softmax(dim=1)
    assert np.ptp(expected.numpy(), axis=0).min() > 0.1
    np.testing.assert_allclose(method.recognise(windows), expected, rtol=0, atol=1e-5)


def test_absent_faces_are_told_to_the_network(tmp_path: Path):
    """What fills a gap is `usable`, though it is not `present`."""
    method = load_learnt(write_random(tmp_path / "svm.onnx", "cnn-svm"))
    masked, repeated = (random_windows(30, gaps=gaps) for gaps in ("mask", "repeat"))
    assert (masked.present == repeated.present).all()
    assert repeated.usable.all()

    differ = np.abs(method.recognise(masked) - method.recognise(repeated)).max(axis=1)

    alike = masked.present.all(axis=1) | (masked.faces == 1)
    assert differ[alike].max() < 1e-5
    assert np.median(differ[~alike]) > 0.05


def test_sound_is_heard_by_a_method_that_listens_and_ignored_by_another(tmp_path: Path):
    listening = load_learnt(write_random(tmp_path / "two.onnx", "cnn-svm", listens=True))
    deaf = load_learnt(write_random(tmp_path / "one.onnx", "cnn-svm"))
    assert (listening.listens, deaf.listens) == (True, False)
    windows = random_windows(8, hears=True)
    silent = replace(windows, sound=windows.sound._replace(heard=np.zeros(8, np.float32)))

    assert np.abs(listening.recognise(windows) - listening.recognise(silent)).max() > 0.01
    np.testing.assert_array_equal(deaf.recognise(windows), deaf.recognise(silent))


def test_weights_that_fail_on_these_faces_are_said_to(tmp_path: Path):
    method = load_learnt(toy(tmp_path / "toy.onnx", values=1e36))
    windows = random_windows(3)
    windows.observations.embeddings[0] *= 1e6

    with pytest.raises(UsageError, match=r"cnn-mean \(sha256 .*not finite: its weights are damag"):
        method.recognise(windows)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": 256}, r"'embeddings': \(10, 512\).* not .*'embeddings': \(10, 256\)"),
        ({"ticks": 20}, r"'present': \(10,\).* not .*'present': \(20,\)"),
        ({"inputs": ("faces", "present")}, r"not \{'faces': "),
        ({"inputs": ("embeddings", "sound")}, r"'present': .* not .*'sound': \(10,\)"),
        ({"number": TensorProto.BOOL}, "does not take two windows: "),
        ({"classes": 8}, r"`probabilities` must be \(N, 7\); found \(2, 8\)"),
        ({"output": "emotions"}, r"`probabilities` must be \(N, 7\); found no such output"),
        ({"final": "Identity"}, "`probabilities` does not sum to 1"),
        ({"values": np.nan}, "`probabilities` does not sum to 1"),
        ({"metadata": {"labels": json.dumps(EMOTIONS[::-1])}}, "must hold labels="),
        ({"metadata": {"labels": None}}, "must hold labels="),
        ({"metadata": {"method": None}}, "its metadata has no 'method'"),
        ({"metadata": {"backbone_sha256": None}}, "its metadata has no 'backbone_sha256'"),
        ({"metadata": {"fps": None}}, "its metadata has no 'fps'"),
        ({"metadata": {"window_s": "two"}}, "has window_s='two'; it must be a number above 0"),
        ({"metadata": {"window_s": "inf"}}, "has window_s='inf'; it must be a number above 0"),
        ({"metadata": {"fps": "0"}}, "has fps='0'; it must be a number above 0"),
    ],
)
def test_a_file_that_is_no_temporal_method_is_refused(tmp_path: Path, changes: dict, reason: str):
    path = toy(tmp_path / "other.onnx", **changes)
    with pytest.raises(UsageError, match=rf"other\.onnx is not a temporal method: .*{reason}"):
        load_learnt(path)


@pytest.mark.parametrize("kept", [0, 100, -100])
def test_a_damaged_file_is_refused(tmp_path: Path, kept: int):
    path = toy(tmp_path / "half.onnx")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UsageError, match=r"half\.onnx"):
        load_learnt(path)


@pytest.mark.parametrize("kept", [1, 1000, -1])
def test_a_damaged_torch_file_is_refused(weights: Path, tmp_path: Path, kept: int):
    half = tmp_path / "half.pt"
    half.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(
        UsageError, match=r"half\.pt is not a temporal method: .*(damaged|not a whole)"
    ):
        load_learnt(half)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: state | {"fc.bias": torch.zeros(8)}, r"its fc\.bias has the shape \(8,\)"),
        (lambda state: state | {"lstm3": torch.zeros(1)}, r"has 1 \(such as lstm3\) that do not"),
        (
            lambda state: {key: x for key, x in state.items() if "lstm1" not in key},
            r"of the paper's CNN-LSTM: of 10 entries it lacks 4 \(such as lstm1\.weight_ih_l0\)",
        ),
        (
            lambda _: random_network("cnn-gru").state_dict(),
            r"lacks 8 .* and it has 8 \(such as gru",
        ),
        (lambda state: state | {"fc.bias": torch.full((7,), torch.nan)}, "does not sum to 1"),
        (lambda state: [state], "something else than a state dict"),
    ],
)
def test_other_weights_are_refused_with_the_reason(tmp_path: Path, change: Callable, reason: str):
    path = tmp_path / "other.pt"
    torch.save(change(CnnLstm().state_dict()), path)
    with pytest.raises(UsageError, match=rf"other\.pt is not a temporal method: .*{reason}"):
        load_learnt(path)


@pytest.mark.parametrize("save", [torch.save, lambda x, path: path.write_bytes(pickle.dumps(x))])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, save: Callable):
    sprung, path = tmp_path / "sprung", tmp_path / "trap.pt"
    save(CnnLstm().state_dict() | {"fc.bias": Trap(sprung)}, path)

    with pytest.raises(UsageError, match=r"trap\.pt is not a temporal method: .* could run code"):
        load_learnt(path)

    assert not sprung.exists()
    if save is torch.save:
        torch.load(path, weights_only=False)
    else:
        pickle.loads(path.read_bytes())
    assert sprung.exists(), "the trap does not work, so nothing was tested"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    for place in (tmp_path / "gone.onnx", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            load_learnt(place)


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    folder = tmp_path_factory.mktemp("listening")
    return load_learnt(write_random(folder / "two.onnx", "cnn-svm", listens=True))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"fps": 10}, "windows of 2 s at 5 samples a second, and the settings say 2 s at 10"),
        ({"window_s": 3.0}, "windows of 2 s at 5 samples a second, and the settings say 3 s at 5"),
        ({"audio": False}, "cnn-svm listens to the sound: add --audio"),
        ({"overlap": "average"}, "set overlap to 'own'"),
    ],
)
def test_a_method_that_does_not_fit_the_settings_is_refused(
    listening: Learnt, settings: dict, reason: str
):
    require_settings(listening, Analysis(audio=True))
    with pytest.raises(UsageError, match=reason):
        require_settings(listening, Analysis(**{"audio": True} | settings))


def test_a_file_in_onnx_needs_no_torch(tmp_path: Path):
    path = toy(tmp_path / "toy.onnx")
    code = f"""
import sys
from pathlib import Path
from streamfer.emotion.temporal.learnt import load_learnt
load_learnt(Path({str(path)!r}))
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
