"""The paper's ResNet-50: exactly it, from a file that may be anything."""

import json
import pickle
import subprocess
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import skimage
import torch
from torch import Tensor, nn

from streamfer.emotion.backbone import Backbone, Crop, load_backbone
from streamfer.emotion.emo_affectnet import EmoAffectNet, ResNet50, StemConvolution
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.weights.catalogue import file_sha256
from tests.emotion.paper_weights import random_net, write_random_weights
from tests.emotion.trap import Trap


@pytest.fixture(scope="module")
def net() -> ResNet50:
    return random_net()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_weights(tmp_path_factory.mktemp("weights") / "random.pt")


@pytest.fixture(scope="module")
def backbone(weights: Path) -> Backbone:
    return load_backbone(str(weights), "cpu")


def faces(count: int) -> np.ndarray:
    """Different parts of a photograph: uint8 (N, 224, 224, 3) RGB."""
    photograph = skimage.data.astronaut()
    return np.stack([photograph[90 * i :, 90 * i :][:224, :224] for i in range(count)])


def batch_norm(name: str) -> Iterator[str]:
    for entry in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        yield f"{name}.{entry}"


def published_keys() -> set[str]:
    """Those of the authors' file, from its description."""
    keys = {"conv_layer_s2_same.weight", *batch_norm("batch_norm1")}
    for layer, blocks in (("layer1", 3), ("layer2", 4), ("layer3", 6), ("layer4", 3)):
        for block in range(blocks):
            for number in (1, 2, 3):
                keys.add(f"{layer}.{block}.conv{number}.weight")
                keys.update(batch_norm(f"{layer}.{block}.batch_norm{number}"))
        keys.add(f"{layer}.0.i_downsample.0.weight")
        keys.update(batch_norm(f"{layer}.0.i_downsample.1"))
    return keys | {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}


def test_it_has_the_published_keys_and_number_of_parameters(net: ResNet50):
    state = net.state_dict()
    assert len(state) == 322
    assert set(state) == published_keys()
    assert sum(weight.numel() for weight in net.parameters()) == 24_560_711
    # Beside them a mean and a variance for each of 26,560 channels, and 53 counters.
    assert sum(weight.numel() for weight in state.values()) == 24_560_711 + 2 * 26_560 + 53


def test_every_batch_norm_has_the_epsilon_of_keras(net: ResNet50):
    layers = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert [layer.eps for layer in layers] == [1e-3] * 53


def test_the_first_convolution_is_padded_as_tensorflow_pads():
    """8 pixels, a kernel of 7, stride 2: 4 outputs need 3 * 2 + 7 = 13, so 2 before and 3 after.

    Of a row of ones the kernel then covers the pixels 0-4, 0-6, 2-7 and 4-7.
    """
    convolution = StemConvolution()
    nn.init.ones_(convolution.weight)

    (channel, *_) = convolution(torch.ones(1, 3, 8, 8))[0]

    covered = torch.tensor([5.0, 7.0, 6.0, 4.0])
    torch.testing.assert_close(channel, 3 * torch.outer(covered, covered))


def test_sizes_are_those_of_keras(net: ResNet50):
    sizes = {}
    hooks = [
        net.get_submodule(name).register_forward_hook(
            lambda _, __, x, name=name: sizes.update({name: tuple(x.shape[1:])})
        )
        for name in ("conv_layer_s2_same", "layer1", "layer2", "layer3", "layer4")
    ]
    with torch.inference_mode():
        net(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    assert sizes == {
        "conv_layer_s2_same": (64, 112, 112),
        "layer1": (256, 55, 55),  # the max-pool has no padding
        "layer2": (512, 28, 28),
        "layer3": (1024, 14, 14),
        "layer4": (2048, 7, 7),
    }


def test_the_stride_lies_on_the_first_convolution(net: ResNet50):
    """Then three of four pixels are never looked at; a stride on the 3x3 would see them all."""
    x = torch.rand(1, 256, 8, 8, generator=torch.Generator().manual_seed(1))
    other = x + 1
    other[:, :, ::2, ::2] = x[:, :, ::2, ::2]
    with torch.inference_mode():
        torch.testing.assert_close(net.layer2[0](x), net.layer2[0](other), rtol=0, atol=0)
        assert not torch.equal(net.layer2[0](x), net.layer2[0](x + 1))


def test_colours_enter_as_the_paper_says(net: ResNet50):
    """Blue first, and then less the mean of VGGFace2: nothing of it can be swapped unnoticed."""
    seen = []
    hook = net.conv_layer_s2_same.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    picture = np.full((1, 224, 224, 3), (200, 10, 0), np.uint8)
    with torch.inference_mode():
        EmoAffectNet(net)({"faces": torch.from_numpy(picture)})
    hook.remove()

    (entered,) = seen
    assert entered.shape == (1, 3, 224, 224)
    blue_green_red = torch.tensor([0 - 91.4953, 10 - 103.8827, 200 - 131.0912])
    torch.testing.assert_close(entered[0, :, 100, 50], blue_green_red)
    assert (entered == entered[:, :, :1, :1]).all()


def test_swapped_colours_give_something_else(backbone: Backbone):
    crops = faces(2)
    right, wrong = backbone.embed(crops)[0], backbone.embed(crops[..., ::-1].copy())[0]
    assert np.linalg.norm(right - wrong) > 0.02 * np.linalg.norm(right)


def test_what_is_saved_is_what_is_loaded(backbone: Backbone, weights: Path, net: ResNet50):
    assert backbone.name == "random"
    assert backbone.sha256 == file_sha256(weights)
    assert backbone.runtime == "torch-cpu-fp32"
    assert backbone.crop == Crop(224, aligned=False)
    crops = faces(3)
    with torch.inference_mode():
        x = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
        expected = net.embed(x), net(x).softmax(dim=1)

    embeddings, probabilities = backbone.embed(crops)

    assert (embeddings.shape, embeddings.dtype) == ((3, 512), np.float32)
    assert (embeddings >= 0).all()
    assert np.ptp(embeddings, axis=0).max() > 0.1, "all faces look alike, so nothing is tested"
    np.testing.assert_allclose(embeddings, expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(probabilities, expected[1], rtol=1e-5, atol=1e-5)


def test_no_crops_give_no_rows(backbone: Backbone):
    embeddings, probabilities = backbone.embed(np.empty((0, 224, 224, 3), np.uint8))
    assert (embeddings.shape, probabilities.shape) == ((0, 512), (0, 7))


class Exported(nn.Module):
    """The contract's inputs and outputs one by one, as an exporter wants them."""

    def __init__(self, net: ResNet50) -> None:
        super().__init__()
        self.net = EmoAffectNet(net)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.net({"faces": faces})
        return outputs["embedding"], outputs["probabilities"]


def test_onnx_gives_what_torch_gives(backbone: Backbone, net: ResNet50, tmp_path: Path):
    path = tmp_path / "exported.onnx"
    names = ["faces", "embedding", "probabilities"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Exported(net),
            (torch.from_numpy(faces(2)),),
            path,
            opset_version=17,
            input_names=names[:1],
            output_names=names[1:],
            dynamic_axes={name: {0: "N"} for name in names},
            dynamo=False,
        )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"labels": json.dumps(EMOTIONS), "crop": "box"})
    onnx.save(model, path)

    exported = load_backbone(str(path), "cpu")

    assert exported.runtime == "onnxruntime-cpu-fp32"
    assert exported.crop == backbone.crop
    for found, expected in zip(exported.embed(faces(3)), backbone.embed(faces(3)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("save", [torch.save, lambda x, path: path.write_bytes(pickle.dumps(x))])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, save: Callable):
    sprung, path = tmp_path / "sprung", tmp_path / "trap.pt"
    save({"fc1.weight": Trap(sprung)}, path)

    with pytest.raises(UsageError, match=r"trap\.pt is not a backbone: .* could run code"):
        load_backbone(str(path), "cpu")

    assert not sprung.exists()
    if save is torch.save:
        torch.load(path, weights_only=False)
        assert sprung.exists(), "the trap does not work, so nothing was tested"


def test_a_network_saved_whole_is_refused(tmp_path: Path):
    torch.save(nn.Linear(2, 2), tmp_path / "whole.pt")
    with pytest.raises(UsageError, match=r"whole\.pt is not a backbone: .*save .*state_dict\(\)"):
        load_backbone(str(tmp_path / "whole.pt"), "cpu")


@pytest.mark.parametrize("kept", [1, 1000, 1_000_000, -1])
def test_a_truncated_file_is_refused(weights: Path, tmp_path: Path, kept: int):
    half = tmp_path / "half.pt"
    half.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(UsageError, match=r"half\.pt is not a backbone: .*(damaged|not a whole)"):
        load_backbone(str(half), "cpu")


Change = Callable[["OrderedDict[str, object]"], object]


def without_fc2(state: OrderedDict) -> object:
    del state["fc2.weight"], state["fc2.bias"]
    return state


def prefixed(state: OrderedDict) -> object:
    return {f"module.{key}": weight for key, weight in state.items()}


def eight_classes(state: OrderedDict) -> object:
    return state | {"fc2.weight": torch.zeros(8, 512), "fc2.bias": torch.zeros(8)}


def not_a_number(state: OrderedDict) -> object:
    return state | {"fc2.bias": torch.full((7,), torch.nan)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_fc2, r"of 322 entries it lacks 2 \(such as fc2\.weight\), and it has none that"),
        (
            prefixed,
            r"lacks 322 \(.*\), and it has 322 \(such as module\.conv_layer_s2_same\.weight\)",
        ),
        (eight_classes, r"its fc2\.weight has the shape \(8, 512\); it must be \(7, 512\)"),
        (not_a_number, "its output `probabilities` does not sum to 1"),
        (lambda state: {"state_dict": state}, "something else than a state dict"),
        (lambda state: list(state.values()), "something else than a state dict"),
    ],
)
def test_other_weights_are_refused_with_the_reason(
    net: ResNet50, tmp_path: Path, change: Change, reason: str
):
    path = tmp_path / "other.pt"
    torch.save(change(net.state_dict()), path)
    with pytest.raises(UsageError, match=rf"other\.pt is not a backbone: .*{reason}"):
        load_backbone(str(path), "cpu")


def test_weights_given_by_name_must_be_the_authors(weights: Path):
    with pytest.raises(UsageError, match=r"emo-affectnet are not the published ones: .*random\.pt"):
        load_backbone("emo-affectnet", "cpu", weights=weights)


def test_the_default_backbone_needs_no_torch():
    code = """
import sys
from streamfer import load_backbone
load_backbone("default", "cpu")
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
