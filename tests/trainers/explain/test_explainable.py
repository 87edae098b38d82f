"""What is explained is the backbone itself, whatever it is."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import LayerActivation

from streamfer.emotion.backbone import Crop, load_backbone
from streamfer.errors import UsageError
from streamfer.weights.catalogue import file_sha256
from tests.emotion.paper_weights import write_random_weights
from tests.trainers.explain.networks import write_graph, write_quadrant
from tests.trainers.explain.photographs import real_faces
from trainers.analysis.explain.explainable import load_explainable
from trainers.analysis.explain.heat import heat_maps
from trainers.analysis.explain.method import Method
from trainers.analysis.explain.mixup import mixup_probe
from trainers.backbone.paper.networks import network
from trainers.backbone.paper.settings import SHIPPED, BackboneSettings
from trainers.backbone.paper.train import CARD, WEIGHTS, load


def assert_the_same_network(name: str) -> None:
    explainable, backbone = load_explainable(name), load_backbone(name)
    faces = real_faces(backbone.crop)
    assert len(faces) == 8

    _, expected = backbone.predict(faces)

    assert (explainable.name, explainable.sha256, explainable.crop) == (
        backbone.name,
        backbone.sha256,
        backbone.crop,
    )
    np.testing.assert_allclose(explainable.probabilities(faces), expected, rtol=0, atol=1e-4)


def test_the_default_network_is_itself():
    assert_the_same_network("default")


def test_a_users_network_is_itself(tmp_path: Path):
    assert_the_same_network(str(write_quadrant(tmp_path / "mine.onnx", "upper left")))


def test_the_papers_network_is_itself(tmp_path: Path):
    assert_the_same_network(str(write_random_weights(tmp_path / "paper.pt")))


def write_trained(folder: Path, settings: BackboneSettings) -> Path:
    """What training leaves: weights, here random ones, and a card that says of what."""
    torch.manual_seed(0)
    torch.save(network(settings).state_dict(), folder / WEIGHTS)
    (folder / CARD).write_text(json.dumps({"settings": asdict(settings)}))
    return folder / WEIGHTS


@pytest.mark.parametrize(
    ("settings", "crop", "places"),
    [
        (
            BackboneSettings(family=SHIPPED, side=96, freezing="all"),
            Crop(96, aligned=True),
            (3, 12),
        ),
        (BackboneSettings(neurons=256, side=128), Crop(128, aligned=False), (4, 8)),
    ],
    ids=lambda value: getattr(value, "family", ""),
)
def test_what_the_trainers_wrote_is_itself(
    tmp_path: Path, settings: BackboneSettings, crop: Crop, places: tuple[int, int]
):
    file = write_trained(tmp_path, settings)
    faces = np.stack(real_faces(crop)[:2])

    explainable = load_explainable(str(file))

    assert explainable.crop == crop
    assert explainable.sha256 == file_sha256(file)
    net, _ = load(file)
    with torch.no_grad():
        expected = net(torch.from_numpy(faces).permute(0, 3, 1, 2).float()).softmax(1).numpy()
    np.testing.assert_allclose(explainable.probabilities(list(faces)), expected, rtol=0, atol=1e-4)
    for part, side in zip((explainable.last, explainable.fine), places, strict=True):
        maps = LayerActivation(explainable.net, part).attribute(torch.from_numpy(faces))
        assert maps.shape[2:] == (side, side)
    assert heat_maps(explainable, faces[0], [0, 1], Method.LAYER_CAM).shape == (
        2,
        *faces.shape[1:3],
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", ["mobilenet-v2", "vgg-16", "efficientnet-b0", "resnet-101-v2"])
def test_networks_of_keras_are_themselves(tmp_path: Path, family: str):
    file = write_trained(tmp_path, BackboneSettings(family=family, side=64, freezing="all"))
    faces = np.stack(real_faces(Crop(64, aligned=False))[:2])
    explainable = load_explainable(str(file))
    net, _ = load(file)
    with torch.no_grad():
        expected = net(torch.from_numpy(faces).permute(0, 3, 1, 2).float()).softmax(1).numpy()
    np.testing.assert_allclose(explainable.probabilities(list(faces)), expected, rtol=0, atol=1e-5)
    # By hand: of the maps before the mean, weighted by their mean gradient, what is above zero.
    inputs = net.trunk.layers[-1].input
    maps = type(net.trunk)(net.trunk.inputs, inputs)(
        net._prepare(torch.from_numpy(faces[:1]).permute(0, 3, 1, 2).float()).permute(0, 2, 3, 1)
    )
    maps = maps.detach().expand(7, -1, -1, -1).requires_grad_()
    net.fc2(torch.relu(net.fc1(maps.mean((1, 2))))).diagonal().sum().backward()
    coarse = torch.relu((maps.grad.mean((1, 2), keepdim=True) * maps).sum(3))[:, None].detach()
    heat = torch.nn.functional.interpolate(coarse, (64, 64), mode="bilinear")[:, 0]
    assert heat.max() > 0
    found = heat_maps(explainable, faces[0], range(7))
    np.testing.assert_allclose(found, heat / heat.max(), atol=1e-3)
    with pytest.raises(UsageError, match="only the last maps are known"):
        heat_maps(explainable, faces[0], [3], Method.LAYER_CAM)


@pytest.mark.parametrize(
    "graph",
    [
        {"opset": 18},
        {"opset": 20, "between": ["Relu", "HardSwish"]},
        {"between": ["HardSwish"]},
        {"after": ["Softmax", "Identity"]},
    ],
    ids=str,
)
def test_graphs_of_other_makers_are_themselves(tmp_path: Path, graph: dict[str, object]):
    assert_the_same_network(str(write_graph(tmp_path / "other.onnx", **graph)))


def test_where_torch_knows_not_all_operators_the_last_maps_are_explained(tmp_path: Path):
    known = load_explainable(str(write_graph(tmp_path / "known.onnx")))
    partly = load_explainable(str(write_graph(tmp_path / "partly.onnx", last="Erf")))
    (face, *_) = real_faces(Crop(32, aligned=True))

    assert heat_maps(known, face, [0], Method.LAYER_CAM).shape == (1, 32, 32)
    assert heat_maps(partly, face, [0, 1], Method.GRAD_CAM).max() == 1
    with pytest.raises(UsageError, match="Of partly only the last maps are known"):
        heat_maps(partly, face, [0], Method.LAYER_CAM)


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        ({"pool": "GlobalMaxPool"}, "operator GlobalMaxPool is not known"),
        ({"convolves": False}, "no maps behind a convolution"),
    ],
)
def test_what_cannot_be_explained_is_said_and_can_be_asked(
    tmp_path: Path, graph: dict[str, object], reason: str
):
    path = write_graph(tmp_path / "strange.onnx", **graph)
    assert_the_same_network(str(path))
    explainable = load_explainable(str(path))
    face, other, *_ = real_faces(explainable.crop)

    for method in Method:
        with pytest.raises(UsageError, match=f"strange cannot be explained: .*{reason}"):
            heat_maps(explainable, face, [0], method)

    probe = mixup_probe(explainable, face, other, 0.5)
    _, expected = load_backbone(str(path)).predict(list(probe.faces))
    np.testing.assert_allclose(probe.probabilities, expected, atol=1e-5)


def test_files_that_are_no_backbones_are_refused(tmp_path: Path):
    for name, content in (("text.onnx", b"no network"), ("half.pt", b"PK\x03\x04")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=name):
            load_explainable(str(tmp_path / name))
    with pytest.raises(UsageError, match="There is no backbone 'nobody'"):
        load_explainable("nobody")
