import json

import numpy as np
import onnx
import pytest
import skimage
import torch

from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from trainers.backbone.export import ShippedNet, write_backbone
from trainers.backbone.network import SIDE, ExpressionNet
from trainers.backbone.quantize import crops, static_int8
from trainers.corpora.faces import Faces

PHOTOGRAPH = skimage.data.astronaut()


def faces(count: int) -> np.ndarray:
    """Parts of a photograph, light and dark: uint8 (N, S, S, 3) RGB."""
    places = [(53 * i % 300, 89 * i % 300) for i in range(count)]
    parts = [PHOTOGRAPH[y : y + 2 * SIDE : 2, x : x + 2 * SIDE : 2] for y, x in places]
    light = np.linspace(0.4, 1, count).reshape(-1, 1, 1, 1)
    return (np.stack(parts) * light).astype(np.uint8)


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A backbone of random weights whose layers have ranges of their own, and its twin."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = ExpressionNet().train()
    grey = torch.from_numpy(faces(16)).float().mean(3).unsqueeze(1)
    with torch.no_grad():
        for _ in range(30):
            net(grey)
    folder = tmp_path_factory.mktemp("twins")
    exact, twin = folder / "net.onnx", folder / "net-int8.onnx"
    write_backbone(ShippedNet(net, temperature=0.1), exact, {"labels": json.dumps(EMOTIONS)})
    onnx.save(static_int8(onnx.load(exact), faces(96)), twin)
    return exact, twin


def test_the_twin_says_nearly_the_same(twins):
    exact, twin = (load_backbone(str(path)) for path in twins)
    unseen = faces(31)

    (one, expected), (other, found) = exact.embed(unseen), twin.embed(unseen)

    assert np.ptp(expected, axis=0).max() > 0.2, "faces must differ, or nothing is tested"
    assert np.abs(found - expected).max() < 0.05
    assert np.abs(other - one).mean() < 0.05 * one.mean()
    assert twin.runtime == "onnxruntime-cpu-int8"
    assert twin.network.metadata == exact.network.metadata


def test_all_convolutions_but_that_of_the_colours_multiply_bytes(twins):
    exact, twin = (onnx.load(path) for path in twins)
    convolutions = sum(node.op_type == "Conv" for node in exact.graph.node)

    weights = [w for w in twin.graph.initializer if w.data_type == onnx.TensorProto.INT8]

    assert sum(len(weight.dims) == 4 for weight in weights) == convolutions - 1
    assert twins[1].stat().st_size < 0.6 * twins[0].stat().st_size


def test_a_face_does_not_depend_on_its_batch(twins):
    twin = load_backbone(str(twins[1]))
    together = twin.embed(faces(13))

    for rows in ([0], [3, 4], [12, 0, 7]):
        for whole, part in zip(together, twin.embed(faces(13)[rows]), strict=True):
            np.testing.assert_allclose(part, whole[rows], rtol=0, atol=1e-6)


def test_crops_are_some_of_the_faces_in_the_networks_size():
    grey = np.repeat(np.arange(200, dtype=np.uint8), 48 * 48).reshape(200, 48, 48)
    corpus = Faces(grey, np.zeros(200, np.int64), tuple(map(str, range(200))))

    chosen = crops(corpus, 50, 96)

    assert (chosen.shape, chosen.dtype) == ((50, 96, 96, 3), np.uint8)
    assert len(np.unique(chosen)) == 50
    np.testing.assert_array_equal(chosen, crops(corpus, 50, 96))
