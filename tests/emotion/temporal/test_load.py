from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.load import TRAINED, load_temporal, require_fit
from streamfer.emotion.temporal.overlap import Averaged
from streamfer.errors import UsageError
from streamfer.pipeline.models import LocalModels
from streamfer.weights.catalogue import DEFAULTS, MODELS, file_sha256, resolve
from tests.emotion.temporal.random_networks import (
    BACKBONE,
    random_network,
    random_windows,
    write_random,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(folder))
    return folder


@pytest.mark.parametrize("name", ["cnn-w", "cnn-s"])
def test_methods_without_weights_take_any_backbone(name: str):
    method = load_temporal(Analysis(temporal=name), "cpu")

    assert (method.name, method.sha256, method.context_s) == (name, None, 0)
    require_fit(method, BACKBONE)


def test_the_default_is_the_trained_method_where_it_fits_and_cnn_s_elsewhere(tmp_path: Path):
    trained = LocalModels.load(Analysis(), "cpu").temporal
    assert trained.name == DEFAULTS["temporal"]
    assert trained.sha256 == file_sha256(resolve("default", "temporal"))

    other = onnx.load(resolve("default", "backbone"))
    other.doc_string = "not the one it was trained on"
    onnx.save(other, tmp_path / "other.onnx")
    for settings in (
        {"backbone": str(tmp_path / "other.onnx")},
        {"fps": 10},
        {"window_s": 3.0},
        {"smoothing": "5 frames"},
        {"smoothing_shape": "hamming"},
    ):
        assert LocalModels.load(Analysis(**settings), "cpu").temporal.name == "cnn-s"


def test_the_smoothing_is_that_of_the_settings():
    analysis = Analysis(temporal="cnn-s", smoothing="71 frames", smoothing_edge="track")
    assert load_temporal(analysis, "cpu") == CnnS(71, "hann", 7.0)


def test_overlapping_windows_are_averaged_where_asked_for():
    method = load_temporal(Analysis(temporal="cnn-w", overlap="average"), "cpu")
    assert isinstance(method, Averaged)
    assert method.name == "cnn-w"


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_method_is_the_catalogued_one_or_says_how_to_train_one(name: str):
    if any(model.name == name for model in MODELS):
        assert load_temporal(Analysis(temporal=name), "cpu").name == name
    else:
        with pytest.raises(UsageError, match=rf"No weights of {name} .*trainers\.temporal\.train`"):
            load_temporal(Analysis(temporal=name), "cpu")


@pytest.mark.parametrize("name", ["hmm", "missing.onnx", ""])
def test_an_unknown_method_is_refused_with_the_known_ones(name: str):
    known = r"cnn-w, cnn-s, cnn-svm, cnn-lstm, cnn-gru, cnn-lstm-a, .*emo-affectnet-lstm-savee"
    with pytest.raises(UsageError, match=rf"no temporal method '{name}': .* one of {known}"):
        load_temporal(Analysis(temporal=name), "cpu")


def test_a_file_is_named_by_its_path_or_by_the_name_it_was_added_under(
    tmp_path: Path, folder: Path
):
    path = write_random(tmp_path / "mine.onnx", "cnn-svm")
    (folder / "temporal").mkdir(parents=True)
    (folder / "temporal" / "added.onnx").write_bytes(path.read_bytes())
    windows = random_windows(3)

    by_path, by_name = (
        load_temporal(Analysis(temporal=name), "cpu") for name in (str(path), "added")
    )

    assert by_path.name == by_name.name == "cnn-svm"
    assert by_path.sha256 == by_name.sha256 == file_sha256(path)
    np.testing.assert_array_equal(by_path.recognise(windows), by_name.recognise(windows))


def test_a_file_for_other_windows_is_refused(tmp_path: Path):
    path = write_random(tmp_path / "mine.onnx", "cnn-svm")
    with pytest.raises(UsageError, match="windows of 2 s at 5"):
        load_temporal(Analysis(temporal=str(path), fps=10), "cpu")


def test_a_file_of_the_authors_must_be_the_published_one_where_its_name_is_given(folder: Path):
    place = folder / "temporal" / "emo-affectnet-lstm-ramas.pt"
    place.parent.mkdir(parents=True)
    torch.save(random_network("cnn-lstm").state_dict(), place)

    assert load_temporal(Analysis(temporal=str(place)), "cpu").name == "cnn-lstm"
    with pytest.raises(UsageError, match="emo-affectnet-lstm-ramas are not the published ones"):
        load_temporal(Analysis(temporal="emo-affectnet-lstm-ramas"), "cpu")


def test_a_method_trained_on_another_backbone_is_refused(tmp_path: Path):
    other = write_random(tmp_path / "other.onnx", "cnn-svm")
    with pytest.raises(UsageError, match=r"cnn-svm was trained on .* another backbone \(sha256 ab"):
        LocalModels.load(Analysis(temporal=str(other)), "cpu")

    sha256 = file_sha256(resolve("default", "backbone"))
    fits = write_random(tmp_path / "fits.onnx", "cnn-svm", backbone_sha256=sha256)
    models = LocalModels.load(Analysis(temporal=str(fits)), "cpu")
    assert models.describe()["temporal"] == {
        "name": "cnn-svm",
        "sha256": file_sha256(fits),
        "runtime": "onnxruntime-cpu-fp32",
    }
