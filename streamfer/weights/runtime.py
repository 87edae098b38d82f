"""Runs ONNX networks: ONNX Runtime on a processor, ONNX Runtime or torch on a GPU.

Which runtime and precision serve a device is written here, not measured, so that all workers
of a run, and the run after it, compute the same.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import onnx

# Some builds of ONNX Runtime report their use; it is read when the library is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray

from streamfer.errors import UsageError

Device = Literal["cpu", "cuda"]
Arrays = dict[str, NDArray[Any]]
Run = Callable[[Arrays], Arrays]


@dataclass(frozen=True)
class Network:
    """A network ready to run.

    `run` takes its inputs and gives its outputs, by name. `runtime` names library, device and
    precision, e.g. "onnxruntime-cpu-fp32". `metadata` is what its maker wrote into the file.
    `input_shapes` has None where a length is free.
    """

    sha256: str
    runtime: str
    metadata: Mapping[str, str]
    input_shapes: Mapping[str, tuple[int | None, ...]]
    run: Run


def choose_device(wanted: Literal["auto", "cpu", "cuda"]) -> Device:
    """Where networks run on this machine; "auto" takes the GPU where there is one.

    Raises:
        UsageError: "cuda" is asked for and absent.
    """
    if wanted == "cpu":
        return "cpu"
    if _has_cuda():
        return "cuda"
    if wanted == "cuda":
        raise UsageError("No CUDA device can be used on this machine: choose --device cpu.")
    return "cpu"


def runtime_of(device: Device) -> str:
    """The runtime and precision that serve a device here: part of a run's fingerprint."""
    if device == "cpu":
        return "onnxruntime-cpu-fp32"
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return "onnxruntime-cuda-fp32"
    return "torch-cuda-fp32"


def load_network(path: Path, device: Device, *, free_dims: Sequence[int] = ()) -> Network:
    """Load an ONNX file.

    `free_dims` are the axes of its inputs and outputs whose stored length is wrong, and which
    may have any length.

    Raises:
        UsageError: The file is no ONNX model, or one that the device's runtime cannot run.
    """
    try:
        content = path.read_bytes()
        model = onnx.load_model_from_string(content)
    except OSError as error:
        raise UsageError(f"The weights {path} cannot be read: {error.strerror}.") from None
    except DecodeError:
        raise UsageError(f"{path} is not a whole ONNX model.") from None
    inputs = _true_inputs(model.graph)
    _free(inputs + list(model.graph.output), free_dims)
    runtime = runtime_of(device)
    try:
        run = _torch(model) if runtime.startswith("torch") else _onnxruntime(model, device)
    except UsageError as error:
        raise UsageError(f"{path} cannot be run: {error}") from None
    return Network(
        sha256=hashlib.sha256(content).hexdigest(),
        runtime=runtime,
        metadata={entry.key: entry.value for entry in model.metadata_props},
        input_shapes={value.name: _shape(value) for value in inputs},
        run=run,
    )


def _has_cuda() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False  # without the driver, importing torch to ask would cost seconds for a "no"
    import torch  # noqa: PLC0415

    return torch.cuda.is_available()


def _true_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a caller gives, leaving only these in the graph.

    Older files list their weights as inputs too. A runtime may then neither fold nor repack
    them: CenterFace takes twice the time.
    """
    weights = {weight.name for weight in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
    return list(graph.input)


def _free(values: list[onnx.ValueInfoProto], axes: Sequence[int]) -> None:
    for value in values:
        shape = value.type.tensor_type.shape.dim
        for axis in axes:
            shape[axis].dim_param = f"{value.name}_{axis}"


def _shape(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    shape = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in shape)


def _onnxruntime(model: onnx.ModelProto, device: Device) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what matters is raised; the screen is the user's
    # A pattern is kept for each shape of input, and regions have many. The arena stays on: without
    # it the layers' buffers share the heap with small things that live longer, which tear it.
    options.enable_mem_pattern = False
    provider: tuple[str, dict[str, str]] = ("CPUExecutionProvider", {})
    if device == "cuda":
        provider = ("CUDAExecutionProvider", {"use_tf32": "0"})
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=[provider]
        )
    except Exception as error:  # noqa: BLE001 - its exceptions share no base class
        raise UsageError(str(error)) from None
    if session.get_providers()[0] != provider[0]:
        raise UsageError(f"ONNX Runtime lists {provider[0]} but cannot start it.")
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


def _torch(model: onnx.ModelProto) -> Run:
    from streamfer.weights.onnx_torch import OnnxModule  # noqa: PLC0415 - torch costs seconds

    return OnnxModule(model).cuda().run
