"""Runs torch modules so that a row of a batch cannot depend on how many came with it.

Libraries choose their kernels by the size of a batch, and in half precision another order of adding
is another result. So a device always computes the same number of rows of a shape at once: one on a
processor, on a GPU as many as fill it; those that are missing are zeros. One size for each shape
is also what a CUDA graph needs: recorded once, and then started as a whole.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Arrays = dict[str, NDArray[Any]]
Signature = tuple[tuple[str, tuple[int, ...], torch.dtype], ...]

# Numbers that enter a network at once: 4 pictures of 640 x 384, or 20 crops of 224 x 224.
FULL = {"cpu": 0, "cuda": 3 * 2**20}
MAX_ROWS = 64
MAX_GRAPHS = 16  # each keeps its layers' memory

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class TorchRun:
    """A module as a function of numpy arrays.

    The module takes a dict of tensors and gives one, all with the batch as their first axis.
    Convolutions and products are computed in `precision` (torch's autocast); the outputs are
    float32. `full` is how many numbers enter the network at once.
    """

    def __init__(
        self, module: nn.Module, device: str, precision: str, full: int | None = None
    ) -> None:
        module = module.eval().requires_grad_(requires_grad=False)
        # Convolutions follow the layout of their weights. Its overload leaves this form untyped.
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._module = module.to(device)
        self._device = device
        self._dtype = _DTYPES[precision]
        self._full = FULL[device] if full is None else full
        self._graph = functools.lru_cache(MAX_GRAPHS)(self._record)

    def __call__(self, inputs: Arrays) -> Arrays:
        """The module's outputs; the inputs agree in their number of rows, which may be 0."""
        count = len(next(iter(inputs.values())))
        rows = self._rows(inputs)
        parts = []
        with torch.inference_mode():
            for start in range(0, max(1, count), rows):
                batch = {name: _filled(x[start : start + rows], rows) for name, x in inputs.items()}
                outputs = self._replay(batch) if self._device == "cuda" else self._compute(batch)
                parts.append({name: value.cpu().numpy() for name, value in outputs.items()})
        return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}

    def _rows(self, inputs: Arrays) -> int:
        numbers = sum(int(np.prod(x.shape[1:])) for x in inputs.values())
        return min(max(1, self._full // numbers), MAX_ROWS)

    def _compute(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        half = self._dtype != torch.float32
        # What autocast caches would lie in a graph's memory, which the next one overwrites.
        casts = torch.autocast(self._device, self._dtype, enabled=half, cache_enabled=False)
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with casts, exact:
            outputs: dict[str, Tensor] = self._module(batch)
        return {name: value.float() for name, value in outputs.items()}

    def _replay(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        signature = tuple((name, tuple(x.shape), x.dtype) for name, x in batch.items())
        graph, inputs, outputs = self._graph(signature)
        for name, value in batch.items():
            inputs[name].copy_(value)
        graph.replay()
        return outputs

    def _record(
        self, signature: Signature
    ) -> tuple[torch.cuda.CUDAGraph, dict[str, Tensor], dict[str, Tensor]]:
        """A graph, where it reads its inputs, and where it leaves its outputs."""
        inputs = {
            name: torch.zeros(shape, dtype=dtype, device=self._device)
            for name, shape, dtype in signature
        }
        apart = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        apart.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(apart):
            self._compute(inputs)  # libraries set themselves up in a first call, unrecorded
        torch.cuda.current_stream().wait_stream(apart)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = self._compute(inputs)
        return graph, inputs, outputs


def _filled(rows: NDArray[Any], count: int) -> Tensor:
    """Rows as a tensor, with zeros after them up to `count`."""
    filled = np.zeros((count, *rows.shape[1:]), rows.dtype)
    filled[: len(rows)] = rows
    return torch.from_numpy(filled)
