"""A network that is not what it should be stops a run in a sentence, before any video is opened."""

import io
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.weights.catalogue import resolve
from tests.cli.conftest import Say
from tests.emotion.temporal.random_networks import write_random


def toy(
    path: Path,
    shape: Sequence[int | str] = ("N", 32, 32, 3),
    *,
    width: int = 512,
    classes: int = 7,
    labels: Sequence[str] | None = EMOTIONS,
    pixels: int = TensorProto.UINT8,
) -> Path:
    """A backbone that sees the mean colour and no more, good unless it is told otherwise."""
    channels = int(shape[-1])
    layers = {"to_embedding": (channels, width), "to_classes": (width, classes)}
    weights = [
        numpy_helper.from_array(np.full(size, 1e-4, np.float32), name)
        for name, size in layers.items()
    ]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["faces"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["numbers"], ["colour"], axes=[1, 2], keepdims=0),
            helper.make_node("Gemm", ["colour", "to_embedding"], ["embedding"]),
            helper.make_node("Gemm", ["embedding", "to_classes"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "toy",
        [helper.make_tensor_value_info("faces", pixels, shape)],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ("N", width)),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("N", classes)),
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if labels is not None:
        helper.set_model_props(model, {"labels": json.dumps(labels)})
    onnx.save(model, path)
    return path


class Mark:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


def refuse(command: Say, folder: Path, flag: str, model: Path | str) -> str:
    """Run with a model that must be refused, and return what is said."""
    before = sorted(folder.iterdir())
    said = command("run", "missing.mp4", "--out", folder / "t.parquet", flag, model)
    assert said.code == 2
    (line,) = said.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "missing.mp4" not in line, "the videos were looked at first"
    assert "defect" not in line
    assert sorted(folder.iterdir()) == before
    return line


def test_the_toy_is_good_where_nothing_is_changed(tmp_path: Path):
    assert load_backbone(str(toy(tmp_path / "toy.onnx"))).input_size == 32


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shape": ("N", 32, 32, 1)}, "must have the shape (N, S, S, 3)"),
        ({"shape": ("N", 32, 48, 3)}, "must have the shape (N, S, S, 3)"),
        ({"shape": (1, 32, 32, 3)}, "does not take two uint8 faces"),
        ({"pixels": TensorProto.FLOAT}, "does not take two uint8 faces"),
        ({"width": 256}, "`embedding` must be (N, 512); found (2, 256)"),
        ({"classes": 8}, "`probabilities` must be (N, 7); found (2, 8)"),
        ({"labels": [*EMOTIONS, "contempt"], "classes": 8}, "must hold labels="),
        ({"labels": sorted(EMOTIONS)}, "must hold labels="),
        ({"labels": None}, "must hold labels="),
    ],
)
def test_a_backbone_of_another_shape_or_order_is_refused(
    command: Say, tmp_path: Path, changes: dict, reason: str
):
    line = refuse(command, tmp_path, "--backbone", toy(tmp_path / "other.onnx", **changes))
    assert "other.onnx is not a backbone: " in line
    assert reason in line


@pytest.mark.parametrize("flag", ["--backbone", "--detector"])
@pytest.mark.parametrize("share", [0, 0.1, 0.999])
def test_half_a_model_is_refused(command: Say, tmp_path: Path, flag: str, share: float):
    content = resolve("default", "backbone" if flag == "--backbone" else "detector").read_bytes()
    (tmp_path / "half.onnx").write_bytes(content[: int(share * len(content))])
    assert "half.onnx" in refuse(command, tmp_path, flag, tmp_path / "half.onnx")


@pytest.mark.filterwarnings("error")  # they would be lines on the screen
@pytest.mark.parametrize("flag", ["--backbone", "--detector", "--temporal"])
@pytest.mark.parametrize("name", ["net.onnx", "net.pt", "net"])
@pytest.mark.parametrize("torch_made", [True, False])
def test_a_pickle_that_runs_code_is_refused_and_not_run(
    command: Say, tmp_path: Path, flag: str, name: str, torch_made: bool
):
    mark = tmp_path / "the code was run"
    content = io.BytesIO()
    (torch.save if torch_made else pickle.dump)({"fc": Mark(mark)}, content)
    (tmp_path / name).write_bytes(content.getvalue())
    content.seek(0)
    torch.load(content, weights_only=False) if torch_made else pickle.load(content)
    assert mark.exists(), "the code runs where anybody reads the file carelessly"
    mark.unlink()

    assert name in refuse(command, tmp_path, flag, tmp_path / name)
    if (flag, name) == ("--detector", "net.pt"):  # as a network of MTCNN
        assert name in refuse(command, tmp_path, flag, tmp_path)
    assert not mark.exists()


def test_a_temporal_method_of_another_backbone_is_refused(command: Say, tmp_path: Path):
    other = write_random(tmp_path / "other.onnx", "cnn-svm", backbone_sha256="ab" * 32)
    line = refuse(command, tmp_path, "--temporal", other)
    assert "cnn-svm was trained on the embeddings of another backbone (sha256 abab" in line


def test_weights_outside_the_file_are_not_read(command: Say, tmp_path: Path):
    path = toy(tmp_path / "toy.onnx")
    model = onnx.load(path)
    (tmp_path / "elsewhere").mkdir()
    secret = tmp_path / "elsewhere" / "secret"
    secret.write_bytes(model.graph.initializer[0].raw_data)
    outside = model.graph.initializer[0]
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="elsewhere/secret")
    path.write_bytes(model.SerializeToString())

    assert "toy.onnx" in refuse(command, tmp_path, "--backbone", path)


@pytest.mark.parametrize(
    ("flag", "model", "reason"),
    [
        ("--detector", "default", "is no face detector"),
        ("--backbone", "centerface", "no backbone 'centerface'"),
        ("--backbone", "enet_b0_8_best_vgaf", "cannot run the backbone enet_b0_8_best_vgaf: it"),
        ("--detector", "yunet", "run `streamfer models fetch yunet`"),
    ],
)
def test_a_model_of_another_task_or_that_is_not_here_is_refused(
    command: Say,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flag: str,
    model: str,
    reason: str,
):
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(tmp_path))
    name = str(resolve("default", "backbone")) if model == "default" else model
    assert reason in refuse(command, tmp_path, flag, name)


def test_a_published_model_with_other_bytes_is_refused(
    command: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(tmp_path))
    (tmp_path / "detector").mkdir()
    foreign = tmp_path / "detector" / "buffalo_s.onnx"
    foreign.write_bytes(resolve("centerface", "detector").read_bytes())  # a good one, but another

    line = refuse(command, tmp_path, "--detector", "buffalo_s")

    assert f"{foreign} has 7304518 bytes and sha256 09189deaaf86…, expected 2524817 bytes" in line
    assert "To replace it, run `streamfer models fetch buffalo_s`" in line
