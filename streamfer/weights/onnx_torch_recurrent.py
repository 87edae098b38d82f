"""The recurrent operators of ONNX in torch: one layer, read forwards, begun at zero.

They are written out, step by step: then they can be recorded for a GPU as all other operators,
and what adds up over the steps stays in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
import torch
from onnx import helper
from torch import Tensor

from streamfer.errors import UsageError

_USUAL = {"direction": b"forward", "input_forget": 0, "layout": 0, "linear_before_reset": 1}
_UNSAID = {"GRU": {"linear_before_reset": 0}, "LSTM": {}}


def require_usual(node: onnx.NodeProto) -> None:
    """Refuse a GRU or LSTM that does what those below do not.

    Raises:
        UsageError: It reads backwards, begins or ends elsewhere, or has gates of another kind.
    """
    given = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    for name, value in (_UNSAID[node.op_type] | given).items():
        if name != "hidden_size" and _USUAL.get(name) != value:
            raise UsageError(f"the torch runtime knows no {node.op_type} whose {name} is {value}.")
    if any(node.input[4:]):
        raise UsageError(f"the torch runtime begins every {node.op_type} at 0, and reads it all.")


def lstm(
    __: dict[str, Any], x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, *_: None
) -> Tensor:
    """All steps (T, 1, N, hidden) of x (T, N, inputs).

    For each of four gates there are weights of the inputs w (1, 4 · hidden, inputs) and of the
    state r (1, 4 · hidden, hidden), and a bias of both b (1, 2 · 4 · hidden).
    """
    of_inputs, of_state = _biases(b)
    hidden = cell = x.new_zeros(x.shape[1], r.shape[2])
    steps = []
    for entering in x @ w[0].T + of_inputs:
        gates = entering + hidden @ r[0].T + of_state
        admit, show, keep, new = gates.float().chunk(4, dim=1)
        cell = keep.sigmoid() * cell + admit.sigmoid() * new.tanh()
        hidden = show.sigmoid() * cell.tanh()
        steps.append(hidden)
    return torch.stack(steps).unsqueeze(1)


def gru(
    __: dict[str, Any], x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, *_: None
) -> Tensor:
    """All steps (T, 1, N, hidden) of x (T, N, inputs); with three gates, the same as `lstm`."""
    of_inputs, of_state = _biases(b)
    hidden = x.new_zeros(x.shape[1], r.shape[2])
    steps = []
    for entering in x @ w[0].T + of_inputs:
        staying = hidden @ r[0].T + of_state
        update, reset, new = entering.float().chunk(3, dim=1)
        update_by, reset_by, new_by = staying.float().chunk(3, dim=1)
        update = (update + update_by).sigmoid()
        new = (new + (reset + reset_by).sigmoid() * new_by).tanh()
        hidden = (1 - update) * new + update * hidden
        steps.append(hidden)
    return torch.stack(steps).unsqueeze(1)


def _biases(b: Tensor | None) -> Sequence[Tensor | float]:
    return (0.0, 0.0) if b is None else b[0].chunk(2)
