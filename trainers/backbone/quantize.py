r"""Make a backbone's static int8 twin: nearly the same answers in half the time.

    python -m trainers.backbone.quantize --fer2013 fer2013.zip --press press_faces.zip \
        --model NAME.onnx --out NAME-int8.onnx

prints what it costs on held-out faces. Weights become signed bytes with a scale for each channel,
activations unsigned bytes with one scale for each layer (U8S8). The scales are fixed here, on
training faces ("static"): what is computed of a face never depends on its batch. Weights use seven
of the eight bits: processors without VNNI add two products of bytes in sixteen bits, which would
overflow. So a face is the same on all of them.

The convolution that reads the colours stays in float: it is little work, and every loss of it goes
through the whole network. So does what is neither a convolution nor a maximum between two of them:
sums and means in bytes cost accuracy and save nothing.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from streamfer.emotion.backbone import Backbone, load_backbone
from trainers.backbone.evaluate import measure, probabilities
from trainers.backbone.views import as_crops
from trainers.corpora import fer2013, press_faces
from trainers.corpora.faces import Faces
from trainers.folding import folded

CALIBRATION_FACES = 1024  # of each corpus
BATCH = 32
COLOURS = 3


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, faces: NDArray[np.uint8]) -> None:
        # All must be of one size: faces beyond the last full batch are left out.
        self._batches = iter(np.split(faces[: len(faces) // BATCH * BATCH], len(faces) // BATCH))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"faces": batch}


def static_int8(model: onnx.ModelProto, faces: NDArray[np.uint8]) -> onnx.ModelProto:
    """The int8 twin of a backbone, with the same metadata.

    faces: uint8 (N, S, S, 3) RGB, N at least 32, like those that it will see. They set the scales
    of the activations.
    """
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "int8.onnx"
        exact = folded(model)
        quantize_static(
            exact,
            written,
            _Batches(faces),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MaxPool"],
            nodes_to_exclude=_colour_readers(exact.graph),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # The largest of millions of activations is an outlier that would coarsen all others.
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": 99.999},
        )
        twin = onnx.load(written)
    onnx.helper.set_model_props(twin, {entry.key: entry.value for entry in model.metadata_props})
    onnx.checker.check_model(twin)
    return twin


def _colour_readers(graph: onnx.GraphProto) -> list[str]:
    channels = {weight.name: weight.dims[1] for weight in graph.initializer if len(weight.dims) > 1}
    return [
        node.name
        for node in graph.node
        if node.op_type == "Conv" and channels[node.input[1]] == COLOURS
    ]


def crops(faces: Faces, count: int, size: int) -> NDArray[np.uint8]:
    """Some of the faces, always the same, as a backbone takes them: uint8 (count, S, S, 3)."""
    chosen = np.random.default_rng(0).choice(len(faces), count, replace=False)
    return as_crops(faces.images[chosen], size)


def compare(exact: Backbone, twin: Backbone, faces: Faces) -> dict[str, Any]:
    """What a twin costs: figures of both, and how far their probabilities lie apart."""
    one, other = (probabilities(backbone, faces.images) for backbone in (exact, twin))
    return {
        "float": _figures(faces, one),
        "int8": _figures(faces, other),
        "same_label": round(float((one.argmax(1) == other.argmax(1)).mean()), 4),
        "largest_change": round(float(np.abs(one - other).max()), 4),
        "mean_largest_change_of_a_face": round(float(np.abs(one - other).max(1).mean()), 4),
    }


def _figures(faces: Faces, scored: NDArray[np.float32]) -> dict[str, Any]:
    figures = measure(faces, scored)
    return {name: figures[name] for name in ("accuracy", "uar", "expected_calibration_error")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, quantise on training faces, compare on held-out ones."""
    parser = argparse.ArgumentParser(description="Make a backbone's static int8 twin.")
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--press", type=Path, required=True, help="press_faces.zip")
    parser.add_argument("--model", type=Path, required=True, help="the float ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    options = parser.parse_args(arguments)
    exact = load_backbone(str(options.model))
    corpora = {
        "fer2013": fer2013.split(fer2013.load(options.fer2013, "train")),
        "press": press_faces.split(press_faces.load(options.press)),
    }
    fitted = [crops(fit, CALIBRATION_FACES, exact.input_size) for fit, _ in corpora.values()]
    onnx.save(static_int8(onnx.load(options.model), np.concatenate(fitted)), options.out)
    twin = load_backbone(str(options.out))
    report = {name: compare(exact, twin, held_out) for name, (_, held_out) in corpora.items()}
    print(json.dumps({"bytes": options.out.stat().st_size} | report, indent=1))


if __name__ == "__main__":
    main()
