"""A GPU's way of working, on the processor: batches of one fixed size, in half precision."""

import numpy as np
import onnx
import pytest
import skimage
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.weights.catalogue import resolve
from streamfer.weights.onnx_torch import OnnxModule
from streamfer.weights.runtime import load_network
from streamfer.weights.torch_runtime import TorchRun

SIDE = 48
FIVE_ROWS = 5 * 3 * SIDE * SIDE
FACE = skimage.data.astronaut()[20:260, 110:350]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


class Shrinking(torch.nn.Module):
    """Remembers the shape and layout of what it was given."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 8, 3)
        self.seen = []

    def forward(self, inputs):
        maps = self.convolution(inputs["faces"].permute(0, 3, 1, 2).float())
        self.seen.append((len(maps), maps.dtype, maps.is_contiguous(memory_format=CHANNELS_LAST)))
        return {"means": maps.mean((2, 3)), "counts": inputs["faces"].sum((1, 2, 3))}


CHANNELS_LAST = torch.channels_last


def faces(count: int) -> np.ndarray:
    """Crops around one face, each a little off the other: uint8 (N, S, S, 3) RGB."""
    steps = [FACE[2 * i :, i:][: 4 * SIDE : 4, : 4 * SIDE : 4] for i in range(count)]
    return np.array(steps, np.uint8).reshape(count, SIDE, SIDE, 3)


@pytest.mark.parametrize(("count", "batches"), [(0, 1), (1, 1), (5, 1), (6, 2), (13, 3)])
def test_every_batch_has_the_same_size(count, batches):
    module = Shrinking()

    outputs = TorchRun(module, "cpu", "fp32", FIVE_ROWS)({"faces": faces(count)})

    assert [rows for rows, *_ in module.seen] == [5] * batches
    assert outputs["means"].shape == (count, 8)
    np.testing.assert_array_equal(outputs["counts"], faces(count).sum((1, 2, 3)))


def test_a_processor_takes_one_row_after_the_other():
    module = Shrinking()

    TorchRun(module, "cpu", "fp32")({"faces": faces(3)})

    assert [rows for rows, *_ in module.seen] == [1, 1, 1]


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_maps_are_channels_last_in_the_precision_and_outputs_are_float32(precision, dtype):
    module = Shrinking()

    outputs = TorchRun(module, "cpu", precision, FIVE_ROWS)({"faces": faces(2)})

    assert module.seen == [(5, dtype, True)]
    assert {value.dtype for value in outputs.values()} == {np.dtype(np.float32)}


def test_it_learns_nothing():
    module = Shrinking().train()
    module.drop = torch.nn.Dropout(0.5)

    run = TorchRun(module, "cpu", "fp32")

    assert not module.drop.training
    assert not any(weight.requires_grad for weight in module.parameters())
    np.testing.assert_array_equal(
        run({"faces": faces(1)})["means"], run({"faces": faces(1)})["means"]
    )


@pytest.fixture(scope="module")
def shipped():
    """The backbone that is shipped, as a GPU would run it, and its crops' side."""
    path = resolve("default", "backbone")
    side = load_network(path, "cpu").input_shapes["faces"][1]
    return {
        precision: TorchRun(OnnxModule(onnx.load(path)), "cpu", precision, 5 * 3 * side * side)
        for precision in ("fp32", "fp16")
    }, side


@settings(max_examples=20)
@given(
    places=st.lists(st.integers(0, 40), min_size=1, max_size=11),
    cuts=st.sets(st.integers(1, 10), max_size=3),
)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_face_does_not_depend_on_its_batch(shipped, precision, places, cuts):
    runs, side = shipped
    crops = np.stack([FACE[i : i + side, 2 * i : 2 * i + side] for i in places])

    whole = runs[precision]({"faces": crops})
    parts = [
        runs[precision]({"faces": part}) for part in np.split(crops, sorted(cuts)) if len(part)
    ]

    for name, values in whole.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)


def test_half_precision_is_near(shipped):
    runs, side = shipped
    crops = np.stack([FACE[i : i + side, i : i + side] for i in range(0, 120, 5)])

    near, exact = (runs[precision]({"faces": crops}) for precision in ("fp16", "fp32"))

    np.testing.assert_allclose(near["probabilities"], exact["probabilities"], rtol=0, atol=5e-3)
    np.testing.assert_allclose(near["probabilities"].sum(1), 1, rtol=0, atol=1e-6)
