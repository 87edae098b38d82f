"""What a temporal method is worth: agreement, stability, and how sure that is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.temporal.corrupt import KINDS
from trainers.temporal.examples import Examples
from trainers.temporal.sequences import NO_LABEL

Rows = NDArray[np.bool_]
Values = NDArray[np.floating]

DRAWS = 2000  # of the bootstrap
INTERVAL = (2.5, 97.5)  # per cent


def agreement(said: Values, target: Values) -> Values:
    """1 where both (W, 7) name the same emotion, else 0."""
    agrees: Values = (said.argmax(1) == target.argmax(1)).astype(np.float64)
    return agrees


def total_variation(said: Values, target: Values) -> Values:
    """Half of the summed distances between probabilities (W, 7): 0 if equal, 1 if disjoint."""
    distance: Values = np.abs(said - target).sum(1) / 2
    return distance


def changes_a_minute(said: Values, examples: Examples, rows: Rows, stride_s: float) -> float:
    """How often the label changes from one window of a track to the next, both among `rows`."""
    track, window = examples.windows.track[rows], examples.windows.window[rows]
    named = said[rows].argmax(1)
    follows = (np.diff(track) == 0) & (np.diff(window) == 1)
    return float(60 / stride_s * (np.diff(named) != 0)[follows].mean())


def interval(
    values: Values, persons: NDArray[np.str_], rng: np.random.Generator
) -> tuple[float, float]:
    """The bootstrap's 95 % interval of the mean of `values` (W,), where persons are drawn."""
    _, person = np.unique(persons, return_inverse=True)
    sums, counts = np.bincount(person, weights=values), np.bincount(person)
    drawn = rng.integers(len(sums), size=(DRAWS, len(sums)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), INTERVAL)
    return float(low), float(high)


def figures(said: Values, examples: Examples, stride_s: float) -> dict[str, Any]:
    """What one method's probabilities (W, 7) are worth."""
    tracks = {"clips": examples.filmed, "stills": examples.label != NO_LABEL}
    result: dict[str, Any] = {
        "changes_a_minute": {
            name: {
                "clean": changes_a_minute(said, examples, rows & examples.clean, stride_s),
                "corrupted": changes_a_minute(said, examples, rows & ~examples.clean, stride_s),
            }
            for name, rows in tracks.items()
        },
        "agreement_by_kind": {
            KINDS[kind]: float(agreement(said, examples.target)[rows].mean())
            for kind, rows in (
                (kind, examples.corrupted & (examples.kind == kind))
                for kind in np.unique(examples.kind[examples.corrupted])
            )
        },
    }
    for name, rows in (("clean", examples.clean), ("corrupted", examples.corrupted)):
        filmed, labelled = rows & examples.filmed, rows & (examples.label != NO_LABEL)
        matrix = metrics.confusion(
            examples.label[labelled], said[labelled].argmax(1), len(EMOTIONS)
        )
        result[name] = {
            "agreement": float(agreement(said, examples.target)[rows].mean()),
            "total_variation": float(total_variation(said, examples.target)[rows].mean()),
            "agreement_with_wider": float(agreement(said, examples.wider)[filmed].mean()),
            "accuracy": metrics.accuracy(matrix),
            "uar": metrics.uar(matrix),
        }
    return result


def gains(said: Values, reference: Values, examples: Examples) -> dict[str, dict[str, float]]:
    """How much better one method is than another, with intervals over persons."""
    rng = np.random.default_rng(0)
    label = np.eye(len(EMOTIONS))[examples.label]
    labelled = examples.label != NO_LABEL
    result = {}
    for name, rows, target in (
        ("agreement, corrupted", examples.corrupted, examples.target),
        ("accuracy, clean", examples.clean & labelled, label),
        ("accuracy, corrupted", examples.corrupted & labelled, label),
    ):
        gain = (agreement(said, target) - agreement(reference, target))[rows]
        low, high = interval(gain, examples.person[rows], rng)
        result[name] = {"gain": float(gain.mean()), "low": low, "high": high}
    return result


def winner(methods: dict[str, Any]) -> str:
    """Who agrees most on corrupted windows, of those not surely worse than CNN-S on clean ones."""
    eligible = [
        name for name, found in methods.items() if found["gains"]["accuracy, clean"]["high"] >= 0
    ]
    return max(eligible, key=lambda name: float(methods[name]["corrupted"]["agreement"]))
