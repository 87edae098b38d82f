"""Loads networks, each with the runtime and the precision that serve the device best.

Which these are is written here, from what `benchmarks/runtimes.py` measured (docs/runtimes.md). A
run never measures: so all its workers, and the run after it, compute the same.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray

from streamfer.errors import UsageError
from streamfer.weights.catalogue import DEFAULTS, Task
from streamfer.weights.onnx_runtime import start_session

if TYPE_CHECKING:
    from torch import nn

Device = Literal["cpu", "cuda"]
Arrays = dict[str, NDArray[Any]]
Run = Callable[[Arrays], Arrays]

# ONNX files run in the first that knows all their operators. ONNX Runtime computes in int8 what a
# file has in int8, and all else in float32.
RUNTIMES: dict[Device, tuple[str, ...]] = {
    "cpu": ("onnxruntime-cpu",),
    "cuda": ("torch-cuda-fp16", "onnxruntime-cuda", "onnxruntime-cpu"),
}
# Networks that are no ONNX files run in torch.
MODULE_RUNTIME: dict[Device, str] = {"cpu": "torch-cpu-fp32", "cuda": "torch-cuda-fp16"}
# What "default" stands for on a processor: static int8 twins of the default networks.
INT8_TWINS = {"centerface": "centerface-int8"}


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


def model_name(name: str, task: Task, device: Device) -> str:
    """The name in the catalogue that `name` stands for; "default" depends on the device."""
    if name != "default" or task not in DEFAULTS:
        return name
    default = DEFAULTS[task]
    return INT8_TWINS.get(default, default) if device == "cpu" else default


def load_network(
    path: Path,
    device: Device,
    *,
    free_dims: Sequence[int] = (),
    runtimes: Sequence[str] | None = None,
) -> Network:
    """Load an ONNX file.

    `free_dims` are the axes of its inputs and outputs whose stored length is wrong, and which
    may have any length. `runtimes` are those to try instead of the device's own.

    Raises:
        UsageError: The file is no ONNX model that can be run, or there is no such device.
    """
    choose_device(device)
    try:
        content = path.read_bytes()
        model = onnx.load_model_from_string(content)
    except OSError as error:
        raise UsageError(f"The weights {path} cannot be read: {error.strerror}.") from None
    except DecodeError:
        raise UsageError(f"{path} is not a whole ONNX model.") from None
    inputs = _true_inputs(model.graph)
    _free(inputs + list(model.graph.output), free_dims)
    try:
        runtime, run = _start_first(model, RUNTIMES[device] if runtimes is None else runtimes)
    except UsageError as error:
        raise UsageError(f"{path} cannot be run: {error}") from None
    return Network(
        sha256=hashlib.sha256(content).hexdigest(),
        runtime=runtime,
        metadata={entry.key: entry.value for entry in model.metadata_props},
        input_shapes={value.name: _shape(value) for value in inputs},
        run=run,
    )


def is_torch_file(path: Path) -> bool:
    """Whether a file is a zip archive, as torch writes them, or a pickle, as it did once."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(1) in (b"P", b"\x80")
    return False


def module_network(
    module: nn.Module,
    device: Device,
    *,
    sha256: str,
    metadata: Mapping[str, str],
    input_shapes: Mapping[str, tuple[int | None, ...]],
) -> Network:
    """A torch module as a network; it takes a dict of tensors and gives one, batch first.

    Raises:
        UsageError: There is no such device.
    """
    runtime = MODULE_RUNTIME[choose_device(device)]
    return Network(sha256, runtime, metadata, input_shapes, _start_torch(module, runtime))


def _start_first(model: onnx.ModelProto, runtimes: Sequence[str]) -> tuple[str, Run]:
    """The first of some runtimes that can run a graph, with its precision, and the graph in it."""
    for runtime in runtimes:
        try:
            return _start(model, runtime)
        except UsageError:
            if runtime == runtimes[-1]:
                raise
    raise ValueError("no runtime to try")


def _start(model: onnx.ModelProto, runtime: str) -> tuple[str, Run]:
    if runtime.startswith("torch"):
        from streamfer.weights.onnx_torch import OnnxModule  # noqa: PLC0415 - torch costs seconds

        return runtime, _start_torch(OnnxModule(model), runtime)
    quantised = any(node.op_type == "QuantizeLinear" for node in model.graph.node)
    run = start_session(model, runtime.removeprefix("onnxruntime-"))
    return f"{runtime}-{'int8' if quantised else 'fp32'}", run


def _start_torch(module: nn.Module, runtime: str) -> Run:
    from streamfer.weights.torch_runtime import TorchRun  # noqa: PLC0415 - torch costs seconds

    _, device, precision = runtime.split("-")
    return TorchRun(module, device, precision)


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
