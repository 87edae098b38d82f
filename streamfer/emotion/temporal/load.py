"""Finds the temporal method that the settings name."""

from __future__ import annotations

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.method import TemporalMethod
from streamfer.errors import UsageError
from streamfer.weights.runtime import Device


def load_temporal(analysis: Analysis, device: Device) -> TemporalMethod:  # noqa: ARG001
    """The temporal method that `analysis.temporal` names.

    Raises:
        UsageError: There is none of that name.
    """
    if analysis.temporal != CnnS.name:
        raise UsageError(
            f"There is no temporal method {analysis.temporal!r}; there is: {CnnS.name}."
        )
    return CnnS()
