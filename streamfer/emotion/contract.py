"""What every network of this room must keep to: seven classes in our order, outputs as agreed."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.weights.runtime import Arrays, Network


def require_labels(metadata: Mapping[str, str]) -> None:
    """Refuse a network whose file does not say that its classes are ours, in our order.

    Raises:
        UsageError: Its entry `labels` is no JSON list of them.
    """
    try:
        labels = json.loads(metadata.get("labels", "null"))
    except json.JSONDecodeError:
        labels = None
    if labels != list(EMOTIONS):
        raise UsageError(f"its metadata must hold labels={json.dumps(EMOTIONS)}, not {labels}.")


def require_outputs(network: Network, two: Arrays, what: str, lengths: Mapping[str, int]) -> None:
    """Refuse a network that does not make rows of these lengths of `two` examples.

    `what` they are is for the error. Among the outputs are `probabilities`.

    Raises:
        UsageError: It does not run, an output has another shape, or probabilities no sum of 1.
    """
    try:
        outputs = network.run(two)
    except Exception as error:  # noqa: BLE001 - runtimes raise classes of their own
        raise UsageError(f"it does not take two {what}: {error}") from None
    for output, length in lengths.items():
        found = outputs[output].shape if output in outputs else "no such output"
        if found != (2, length):
            raise UsageError(f"its output `{output}` must be (N, {length}); found {found}.")
    if not np.allclose(outputs["probabilities"].sum(axis=1), 1, atol=1e-4):
        raise UsageError("its output `probabilities` does not sum to 1.")
