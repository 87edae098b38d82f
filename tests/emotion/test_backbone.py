import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import skimage
from onnx import helper

from streamfer.emotion.backbone import Backbone, Crop, load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.weights.catalogue import file_sha256, resolve


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return load_backbone("default", "cpu")


def faces(count: int) -> np.ndarray:
    """Crops around one face, each a little off the other: uint8 (N, 96, 96, 3) RGB."""
    photograph = skimage.data.astronaut()
    return np.stack([photograph[50 + i :, 170 + i :][:96, :96] for i in range(count)])


def test_it_says_which_weights_it_has(backbone):
    assert backbone.name == "streamfer-fer-v3"
    assert backbone.sha256 == file_sha256(resolve("default", "backbone"))
    assert backbone.runtime == "onnxruntime-cpu-fp32"
    assert backbone.crop == Crop(96, aligned=True)
    assert backbone.input_size == 96


def test_crops_become_embeddings_and_probabilities(backbone):
    embeddings, probabilities = backbone.embed(faces(3))

    assert (embeddings.shape, embeddings.dtype) == ((3, 512), np.float32)
    assert (probabilities.shape, probabilities.dtype) == ((3, 7), np.float32)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-5)


def test_no_crops_give_no_rows(backbone):
    embeddings, probabilities = backbone.embed(np.empty((0, 96, 96, 3), np.uint8))

    assert (embeddings.shape, probabilities.shape) == ((0, 512), (0, 7))


def test_a_batch_gives_what_its_crops_give_alone(backbone):
    crops = faces(19)

    together = backbone.embed(crops)

    for row, crop in enumerate(crops):
        for batch, alone in zip(together, backbone.embed(crop[None]), strict=True):
            np.testing.assert_allclose(batch[row], alone[0], rtol=0, atol=1e-5)


def test_it_sees_red_green_and_blue_by_their_lightness(backbone):
    """ITU-R BT.601: a mistake in the order of colours would look like another picture."""
    picture = faces(1)[0].astype(np.float64) * [1, 0.6, 0.3]  # reddish: the order matters
    grey = picture @ [0.299, 0.587, 0.114]

    crops = np.stack([picture, np.repeat(grey[..., None], 3, axis=2), picture[..., ::-1]])
    in_colour, in_grey, swapped = backbone.embed(np.rint(crops).astype(np.uint8))[0]

    distance = np.linalg.norm(in_colour - in_grey)
    assert distance < 0.05 * np.linalg.norm(in_grey)
    assert distance < 0.2 * np.linalg.norm(swapped - in_grey)


def test_predict_shrinks_by_area(backbone):
    crops = faces(2) // 2 + 64
    # Each pixel becomes 4 x 4 with the same mean, but another middle, which linear
    # interpolation alone would see.
    detail = np.full((4, 4, 1), 20)
    detail[1:3, 1:3] = -60
    magnified = [
        (crop.repeat(4, axis=0).repeat(4, axis=1) + np.tile(detail, (96, 96, 1))).astype(np.uint8)
        for crop in crops
    ]

    for found, expected in zip(backbone.predict(magnified), backbone.embed(crops), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_predict_enlarges_without_blocks(backbone):
    small = faces(1)[0][::2, ::2]
    smooth = cv2.resize(small, (96, 96), interpolation=cv2.INTER_LINEAR)
    for found, expected in zip(
        backbone.predict([small]), backbone.embed(smooth[None]), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_predict_takes_faces_of_any_size_together(backbone):
    photograph = skimage.data.astronaut()
    cut_out = [photograph[:h, :w] for h, w in ((1, 1), (1, 200), (47, 49), (333, 77))]

    together = backbone.predict(cut_out)

    assert together[1].shape == (4, 7)
    for row, face in enumerate(cut_out):
        for batch, alone in zip(together, backbone.predict([face]), strict=True):
            np.testing.assert_allclose(batch[row], alone[0], rtol=0, atol=1e-5)


def test_predict_of_nothing_gives_no_rows(backbone):
    embeddings, probabilities = backbone.predict([])

    assert (embeddings.shape, probabilities.shape) == ((0, 512), (0, 7))


Change = Callable[[onnx.ModelProto], None]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Change], str]:
    """Writes the shipped backbone with a change, and gives the path."""

    def write(change: Change) -> str:
        model = onnx.load(resolve("default", "backbone"))
        change(model)
        path = tmp_path / "own.onnx"
        onnx.save(model, path)
        return str(path)

    return write


def label(*labels: str, **others: str) -> Change:
    metadata = {"labels": json.dumps(labels)} | others
    return lambda model: helper.set_model_props(model, metadata)


def rename(old: str, new: str) -> Change:
    """Give an input or output another name."""

    def change(model: onnx.ModelProto) -> None:
        graph = model.graph
        for value in [*graph.input, *graph.output]:
            value.name = new if value.name == old else value.name
        for node in graph.node:
            node.input[:] = [new if name == old else name for name in node.input]
            node.output[:] = [new if name == old else name for name in node.output]

    return change


def swap_outputs(model: onnx.ModelProto) -> None:
    for old, new in (("embedding", "x"), ("probabilities", "embedding"), ("x", "probabilities")):
        rename(old, new)(model)
    outputs = model.graph.output
    outputs[0].name, outputs[1].name = "embedding", "probabilities"
    for output in outputs:
        output.type.tensor_type.shape.dim[1].dim_param = "any"


def give_logits(model: onnx.ModelProto) -> None:
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    softmax.op_type = "Relu"
    del softmax.attribute[:]


def free_size(model: onnx.ModelProto) -> None:
    for axis in (1, 2):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = f"side_{axis}"


def test_a_file_of_the_users_own_is_named_by_its_stem(changed):
    path = changed(label(*EMOTIONS))

    own = load_backbone(path, "cpu")

    assert own.name == "own"
    assert own.sha256 == file_sha256(Path(path)) != file_sha256(resolve("default", "backbone"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (label(*EMOTIONS[::-1]), r'must hold labels=["neutral", "happiness"'),
        (label(*EMOTIONS[:6]), "must hold labels="),
        (lambda model: helper.set_model_props(model, {"labels": "neutral,"}), "not None"),
        (lambda model: model.ClearField("metadata_props"), "not None"),
        (label(*EMOTIONS, crop="round"), 'crop=\'round\'; it must be "aligned" or "box"'),
        (rename("faces", "images"), "one input, `faces`"),
        (free_size, "must have the shape (N, S, S, 3)"),
        (rename("embedding", "features"), "`embedding` must be (N, 512); found no such output"),
        (swap_outputs, "`embedding` must be (N, 512); found (2, 7)"),
        (give_logits, "`probabilities` does not sum to 1"),
    ],
)
def test_a_network_that_is_no_backbone_is_refused_with_the_reason(changed, change, reason):
    path = changed(change)

    with pytest.raises(UsageError, match=rf"own\.onnx is not a backbone: .*{re.escape(reason)}"):
        load_backbone(path, "cpu")


def test_a_detector_is_no_backbone():
    with pytest.raises(UsageError, match=r"centerface\.onnx is not a backbone"):
        load_backbone(str(resolve("default", "detector")), "cpu")


def test_a_fixed_batch_size_is_refused(changed):
    def fix(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1

    with pytest.raises(UsageError, match="does not take two uint8 faces"):
        load_backbone(changed(fix), "cpu")
