"""Networks as the settings want them."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from streamfer.errors import UsageError
from trainers.backbone.paper.networks import initialise, network
from trainers.backbone.paper.settings import SHIPPED, BackboneSettings

needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None, reason="Keras is not installed"
)
SMALL = BackboneSettings(side=32)


def learning(net: nn.Module) -> set[str]:
    return {name for name, weight in net.named_parameters() if weight.requires_grad}


@pytest.mark.parametrize(
    "family", ["resnet-50", SHIPPED, pytest.param("mobilenet-v2", marks=needs_keras)]
)
def test_small_pictures_are_taken(family: str):
    net = network(replace(SMALL, family=family)).eval()
    with torch.no_grad():
        assert net(torch.rand(2, 3, 32, 32) * 255).shape == (2, 7)
        assert net.embed(torch.rand(2, 3, 32, 32) * 255).shape == (2, 512)


def test_freezing_leaves_the_dense_layers_or_the_last_convolution_too():
    head = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    assert learning(network(replace(SMALL, freezing="all"))) == head
    last = {"layer4.2.conv3.weight", "layer4.2.batch_norm3.weight", "layer4.2.batch_norm3.bias"}
    assert learning(network(replace(SMALL, freezing="up to the last convolution"))) == head | last
    assert len(learning(network(SMALL))) == 53 + 2 * 53 + 4  # convolutions, norms, head


@needs_keras
def test_freezing_of_kerass_networks_is_the_same():
    small = replace(SMALL, family="mobilenet-v2")
    head = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    assert learning(network(replace(small, freezing="all"))) == head
    last = {f"trunk._torch_params.{name}" for name in ("Conv_1/kernel", "Conv_1_bn/gamma")}
    last.add("trunk._torch_params.Conv_1_bn/beta")
    assert learning(network(replace(small, freezing="up to the last convolution"))) == head | last


@needs_keras
@pytest.mark.parametrize("freezing", ["none", "all"])
def test_frozen_batch_norms_of_keras_keep_their_statistics(freezing: str):
    fit = replace(SMALL.fit, frozen_norm=freezing == "none")
    net = network(replace(SMALL, family="mobilenet-v2", freezing=freezing, fit=fit)).train()
    before = {key: value.clone() for key, value in net.state_dict().items() if "moving" in key}
    net(torch.rand(2, 3, 32, 32) * 255)
    assert before
    assert all(torch.equal(value, net.state_dict()[key]) for key, value in before.items())


def test_noise_is_added_in_training_only():
    net = network(replace(SMALL, noise=0.1, dropout=0.0))
    assert net.state_dict().keys() == network(SMALL).state_dict().keys()
    embedded = torch.zeros(1000, 512)
    noisy = net.train().dropout(embedded)
    assert float(noisy.std()) == pytest.approx(0.1, rel=0.02)
    assert torch.equal(net.eval().dropout(embedded), embedded)


def test_first_weights_are_taken_but_for_the_dense_layers(tmp_path: Path):
    torch.manual_seed(0)
    given = network(SMALL).state_dict()
    torch.save(given, tmp_path / "weights.pt")
    net = network(SMALL)
    own = {key: value.clone() for key, value in net.state_dict().items()}
    initialise(net, tmp_path / "weights.pt", torch.empty(0))
    for key, value in net.state_dict().items():
        assert torch.equal(value, (own if key.startswith("fc") else given)[key])


def test_other_first_weights_are_refused(tmp_path: Path):
    path = tmp_path / "weights.pt"
    path.write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"weights\.pt cannot be read as weights"):
        initialise(network(SMALL), path, torch.empty(0))
    torch.save({"layer1.0.conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(UsageError, match=r"weights\.pt lacks "):
        initialise(network(SMALL), path, torch.empty(0))
    state = network(SMALL).state_dict()
    state["layer1.0.conv1.weight"] = torch.zeros(1)
    torch.save(state, path)
    with pytest.raises(UsageError, match=r"weights\.pt does not fit"):
        initialise(network(SMALL), path, torch.empty(0))
