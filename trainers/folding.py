"""Computes in advance what in an ONNX graph does not depend on its input."""

import tempfile
from pathlib import Path

import onnx
import onnxruntime


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with constants computed, such as weights stored in half, and nodes joined.

    Normalisation and padding become part of the convolutions beside them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # it lists every weight that folding leaves without use
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return onnx.load(path)
