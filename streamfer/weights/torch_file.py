"""Reads files that torch wrote, without running what they may hold."""

from __future__ import annotations

import hashlib
import io
import pickle
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from streamfer.errors import UsageError


def load_weights(content: bytes) -> object:
    """What a file of weights holds, on the processor.

    Raises:
        pickle.UnpicklingError: It is damaged, or holds more than weights.
        Exception: It is no whole torch file; its readers raise whatever they meet.
    """
    with warnings.catch_warnings(action="ignore"):  # of files that callers refuse
        weights: object = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights


def fill(net: nn.Module, path: Path, *, task: str, whose: str) -> str:
    """Give `net` the weights of a file, which holds exactly its state dict; return its sha256.

    `task` and `whose` are for the errors: what the file should be, and what `net` is.

    Raises:
        UsageError: The file holds anything else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The weights {path} cannot be read: {error.strerror}.") from None
    try:
        net.load_state_dict(_checked(_read(content), net.state_dict(), whose))
    except UsageError as error:
        raise UsageError(f"{path} is not a {task}: {error}") from None
    return hashlib.sha256(content).hexdigest()


def _read(content: bytes) -> object:
    try:
        return load_weights(content)
    except pickle.UnpicklingError:
        raise UsageError(
            "it is damaged, or holds more than weights, which could run code when it is read; "
            "save the network's state_dict()."
        ) from None
    except Exception:  # noqa: BLE001 - whatever its readers meet in half a file
        raise UsageError("it is not a whole torch file; copy it again from its source.") from None


def _checked(state: object, expected: dict[str, Tensor], whose: str) -> dict[str, Tensor]:
    """The state dict, if its keys and shapes are the expected ones."""
    if not isinstance(state, dict) or not all(isinstance(x, Tensor) for x in state.values()):
        raise UsageError("it holds something else than a state dict of weights.")
    missing = [key for key in expected if key not in state]
    foreign = [key for key in state if key not in expected]
    if missing or foreign:
        raise UsageError(
            f"its weights are not those of {whose}: of {len(expected)} entries it lacks "
            f"{_some(missing)}, and it has {_some(foreign)} that do not belong there."
        )
    for key, weight in expected.items():
        found, wanted = tuple(state[key].shape), tuple(weight.shape)
        if found != wanted:
            raise UsageError(f"its {key} has the shape {found}; it must be {wanted}.")
    return state


def _some(keys: list[str]) -> str:
    return f"{len(keys)} (such as {keys[0]})" if keys else "none"
