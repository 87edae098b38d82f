import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import streamfer
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from trainers.backbone.card import classes, sets
from trainers.backbone.evaluate import probabilities
from trainers.backbone.export import ShippedNet, fit_temperature, write_backbone
from trainers.backbone.network import ExpressionNet
from trainers.corpora import fer2013

SHIPPED = Path(streamfer.__file__).parent / "weights" / "files" / "streamfer-fer-v3.onnx"
RIGHT_OF_500 = 341
CARD = Path(__file__).parents[2] / "docs" / "models" / "streamfer-fer-v3.json"


@pytest.fixture(scope="module")
def net():
    """A network whose batch norms are not the identity, so that folding them matters."""
    torch.manual_seed(0)
    net = ExpressionNet()
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.uniform_(layer.bias, -0.5, 0.5)
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 1.5)
    return net.eval()


def random_faces(count):
    return np.random.default_rng(count).integers(0, 256, (count, 96, 96, 3), np.uint8)


@pytest.mark.parametrize("count", [1, 5])
def test_the_file_computes_what_the_network_does(net, tmp_path, count):
    shipped = ShippedNet(net, temperature=1.7).eval()
    write_backbone(shipped, tmp_path / "net.onnx", {"labels": json.dumps(EMOTIONS)})
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    with torch.no_grad():
        expected = shipped(torch.from_numpy(random_faces(count)))
    given = session.run(["embedding", "probabilities"], {"faces": random_faces(count)})
    for one, other in zip(given, expected, strict=True):
        # Weights in half precision carry eleven bits.
        assert np.abs(one - other.numpy()).max() < 2e-3 * max(1, np.abs(one).max())
    assert json.loads(session.get_modelmeta().custom_metadata_map["labels"]) == list(EMOTIONS)


def test_the_file_takes_two_bytes_a_weight(net, tmp_path):
    write_backbone(ShippedNet(net, temperature=1.0), tmp_path / "net.onnx", {})
    weights = sum(parameter.numel() for parameter in net.parameters())
    assert 2 * weights < (tmp_path / "net.onnx").stat().st_size < 2.02 * weights


def test_colour_becomes_luma_and_logits_are_divided_by_the_temperature(net):
    faces = torch.from_numpy(random_faces(3))
    luma = (faces.float() * torch.tensor([0.299, 0.587, 0.114])).sum(3).unsqueeze(1)
    with torch.no_grad():
        embedding, given = ShippedNet(net, temperature=2.0)(faces)
        assert torch.allclose(embedding, net.embed(luma), atol=1e-4)
        assert torch.allclose(given, torch.softmax(net(luma) / 2.0, dim=1), atol=1e-5)


def test_the_temperature_undoes_a_known_one():
    torch.manual_seed(0)
    logits = torch.randn(20000, 7) * 2
    labels = torch.distributions.Categorical(logits=logits).sample()
    assert fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.05)


def test_the_shipped_file_keeps_its_contract():
    model = onnx.load(SHIPPED)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    session = onnxruntime.InferenceSession(SHIPPED)
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        ("faces", "tensor(uint8)", ["N", 96, 96, 3])
    ]
    assert [(o.name, o.type, o.shape) for o in session.get_outputs()] == [
        ("embedding", "tensor(float)", ["N", 512]),
        ("probabilities", "tensor(float)", ["N", 7]),
    ]
    labels = session.get_modelmeta().custom_metadata_map["labels"]
    assert tuple(json.loads(labels)) == EMOTIONS
    given = session.run(["probabilities"], {"faces": random_faces(3)})[0]
    assert given.sum(1) == pytest.approx(np.ones(3), abs=1e-5)


def test_the_model_card_is_about_the_shipped_file():
    card = json.loads(CARD.read_text())
    assert card["sha256"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert tuple(card["labels"]) == EMOTIONS
    page = CARD.with_suffix(".md").read_text()
    assert card["sha256"] in page
    assert sets(card) in page
    for name in ("public_test", "press_held_out_framed"):
        assert classes(card, name) in page


def test_the_shipped_file_recognises_as_many_faces_as_when_it_was_measured(shared):
    """Of 500 faces chosen by their names; another JPEG decoder may turn one of them."""
    faces = fer2013.load(shared / "data" / "fer2013.zip", "public_test")
    order = np.argsort([hashlib.sha256(name.encode()).hexdigest() for name in faces.names])
    some = faces.where(np.isin(np.arange(len(faces)), order[:500]))
    right = probabilities(load_backbone(str(SHIPPED), "cpu"), some.images).argmax(1) == some.labels
    assert abs(int(right.sum()) - RIGHT_OF_500) <= 1
