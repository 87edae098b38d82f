"""Reads files that torch wrote, without running what they may hold."""

from __future__ import annotations

import io
import warnings

import torch


def load_weights(content: bytes) -> object:
    """What a file of weights holds, on the processor.

    Raises:
        pickle.UnpicklingError: It is damaged, or holds more than weights.
        Exception: It is no whole torch file; its readers raise whatever they meet.
    """
    with warnings.catch_warnings(action="ignore"):  # of files that callers refuse
        weights: object = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights
