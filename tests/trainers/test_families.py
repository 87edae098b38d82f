"""The paper's six families: the published networks, and ready to learn."""

import importlib.util

import pytest
import torch
from torch import nn
from torch.nn import functional

from streamfer.emotion.emo_affectnet import ResNet50
from streamfer.errors import UsageError
from trainers.backbone.families import FAMILIES, KerasFamily, build

needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None,
    reason="Keras is not installed: pip install streamfer[trainers]",
)

# Published numbers for ImageNet, less the layers that end in its 1000 classes: Keras's (running
# means and variances included), and for SeNet-50 that of Hu et al. (learned weights alone).
KERAS = {
    "vgg-16": (138_357_544 - (25_088 + 1) * 4096 - (4096 + 1) * 4096 - (4096 + 1) * 1000, 512),
    "efficientnet-b0": (5_330_571 - (1280 + 1) * 1000 - 1, 1280),  # one is a whole number
    "resnet-101-v2": (44_675_560 - (2048 + 1) * 1000, 2048),
    "mobilenet-v2": (3_538_984 - (1280 + 1) * 1000, 1280),
}
SENET_50 = 28_088_024 - (2048 + 1) * 1000

families = pytest.mark.parametrize(
    "family",
    [pytest.param(name, marks=needs_keras if name in KERAS else []) for name in FAMILIES],
)


def count(net: nn.Module) -> int:
    """All numbers of a network's parameters; Keras keeps its random states there too."""
    return sum(weight.numel() for weight in net.parameters() if weight.is_floating_point())


def head(features: int, neurons: int) -> int:
    return (features + 1) * neurons + (neurons + 1) * 7


@pytest.mark.parametrize("neurons", [256, 512, 1024])
def test_residual_networks_have_the_published_number_of_parameters(neurons: int):
    assert count(build("resnet-50", neurons)) == 24_560_711 - head(2048, 512) + head(2048, neurons)
    assert count(build("senet-50", neurons)) == SENET_50 + head(2048, neurons)


@needs_keras
@pytest.mark.parametrize("family", KERAS)
def test_keras_families_have_the_published_number_of_parameters(family: str):
    trunk, features = KERAS[family]
    assert count(build(family, 256)) == trunk + head(features, 256)


def test_a_trained_resnet_50_is_a_file_of_the_papers_backbone():
    assert build("resnet-50").state_dict().keys() == ResNet50().state_dict().keys()


def faces(count: int) -> torch.Tensor:
    """Noise, each picture of another colour: float (N, 3, 224, 224) in 0..255."""
    generator = torch.Generator().manual_seed(0)
    colours = torch.rand(count, 3, 1, 1, generator=generator) * 200
    return colours + torch.rand(count, 3, 224, 224, generator=generator) * 55


@families
def test_a_step_down_the_gradient_gains_what_the_gradient_promises(family: str):
    torch.manual_seed(0)
    net = build(family).eval()
    x, labels = faces(1), torch.tensor([6])
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    before = functional.cross_entropy(net(x), labels)
    before.backward()
    slope = sum(float(weight.grad.square().sum()) for weight in learned)
    promised = 0.01

    torch.optim.SGD(learned, lr=promised / slope).step()

    with torch.no_grad():
        after = functional.cross_entropy(net(x), labels)
    assert float(before.detach() - after) == pytest.approx(promised, rel=0.3)


@families
def test_every_layer_is_taught(family: str):
    torch.manual_seed(0)
    net = build(family).train()
    functional.cross_entropy(net(faces(2)), torch.tensor([1, 6])).backward()
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    assert all(weight.grad.isfinite().all() for weight in learned)
    assert all(weight.grad.any() for weight in learned if weight.ndim > 1)


@families
def test_only_training_is_random_and_moves_the_running_means(family: str):
    net = build(family, dropout=0.5)
    x = faces(1)
    with torch.no_grad():
        state = {key: value.clone() for key, value in net.eval().state_dict().items()}
        assert torch.equal(net(x), net(x))
        assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
        assert not torch.equal(net.train()(x), net(x))
        moved = {
            key for key, value in net.state_dict().items() if not torch.equal(value, state[key])
        }
    running = {key for key in state if "running" in key or "moving" in key}
    assert running <= moved
    assert bool(running) == (family != "vgg-16")


@families
def test_weights_follow_torchs_seed_and_embeddings_are_as_asked(family: str):
    nets = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        nets.append(build(family, 256).eval())
    x = faces(1)
    with torch.no_grad():
        one, same, other = (net.embed(x) for net in nets)
    assert one.shape == (1, 256)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@needs_keras
def test_keras_is_told_which_pictures_it_gets():
    """Each trunk sees colours as its published weights were taught, whatever the others want."""
    white_red = torch.zeros(1, 3, 224, 224)
    white_red[:, 0] = 255
    seen = {}
    for family in KERAS:
        net = build(family)
        assert isinstance(net, KerasFamily)
        net.trunk.register_forward_pre_hook(lambda _, x, name=family: seen.update({name: x[0]}))
        with torch.no_grad():
            net(white_red)
    expected = {
        "vgg-16": [-91.4953, -103.8827, 255 - 131.0912],
        "efficientnet-b0": [255, 0, 0],
        "resnet-101-v2": [1, -1, -1],
        "mobilenet-v2": [1, -1, -1],
    }
    for family, colour in expected.items():
        assert seen[family].shape == (1, 224, 224, 3)
        torch.testing.assert_close(seen[family][0, 5, 5], torch.tensor(colour, dtype=torch.float32))


def test_an_unknown_family_is_refused_and_the_known_are_named():
    with pytest.raises(
        UsageError, match=r"no family 'alexnet'; there are: resnet-50, senet-50, vgg"
    ):
        build("alexnet")


@pytest.mark.skipif(importlib.util.find_spec("keras") is not None, reason="Keras is installed")
def test_without_keras_its_families_say_how_to_get_it():
    with pytest.raises(UsageError, match=r"pip install streamfer\[trainers\]"):
        build("mobilenet-v2")


@needs_keras
def test_names_of_weights_do_not_depend_on_what_was_built_before():
    first, second = (build("efficientnet-b0").state_dict().keys() for _ in range(2))
    assert list(first) == list(second)
