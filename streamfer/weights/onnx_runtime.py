"""Runs ONNX graphs in ONNX Runtime, quietly, on one core or on a GPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import onnx
from numpy.typing import NDArray

# Some builds of ONNX Runtime report their use; it is read when the library is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from streamfer.errors import UsageError

Arrays = dict[str, NDArray[Any]]

_PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
}


def has_cuda() -> bool:
    """Whether the installed build can use a GPU; the usual one cannot."""
    return _PROVIDERS["cuda"][0] in onnxruntime.get_available_providers()


def start_session(model: onnx.ModelProto, device: str) -> Callable[[Arrays], Arrays]:
    """A graph as a function from its inputs to its outputs, by name. `device` is cpu or cuda.

    Raises:
        UsageError: ONNX Runtime cannot run this graph, or not there.
    """
    session = open_session(model.SerializeToString(), device)
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


def open_session(content: bytes, device: str) -> onnxruntime.InferenceSession:
    """A session for a whole ONNX file, on one thread. `device` is cpu or cuda.

    Raises:
        UsageError: ONNX Runtime cannot run this graph, or not there.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what matters is raised; the screen is the user's
    # A pattern is kept for each shape of input, and regions have many. The arena stays on: without
    # it the layers' buffers share the heap with small things that live longer, which tear it.
    options.enable_mem_pattern = False
    provider = _PROVIDERS[device]
    try:
        session = onnxruntime.InferenceSession(content, options, providers=[provider])
    except Exception as error:  # noqa: BLE001 - its exceptions share no base class
        raise UsageError(str(error)) from None
    if session.get_providers()[0] != provider[0]:
        raise UsageError(f"ONNX Runtime cannot start its {provider[0]}.")
    return session
