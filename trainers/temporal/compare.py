r"""Measure the six temporal methods on people that nothing was fitted to.

    python -m trainers.temporal.compare --videos FOLDER --press press_faces.zip \
        --run runs/temporal --out docs/temporal.json

All are asked about the same windows, as they are and spoilt. The first reference is CNN-S of the
window as it is, so there CNN-S is right by construction. Two more are fair to all: in clips,
CNN-S over three times as long; in stills, what a person said of the picture.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.cnn_w import CnnW
from streamfer.emotion.temporal.load import load_temporal, require_fit
from streamfer.emotion.temporal.method import TemporalMethod
from trainers import metrics
from trainers.temporal import data
from trainers.temporal.corrupt import KINDS
from trainers.temporal.examples import Examples, lay_out
from trainers.temporal.hearing import heard, with_sound
from trainers.temporal.sequences import NO_LABEL
from trainers.temporal.train import METHODS

Rows = NDArray[np.bool_]
Values = NDArray[np.floating]

REFERENCE = CnnS.name
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
    stills = ~examples.filmed
    tracks = {"clips": examples.filmed, "stills": stills & (examples.label != NO_LABEL)}
    result: dict[str, Any] = {
        "changes_a_minute": {
            name: {
                "clean": changes_a_minute(said, examples, rows & examples.clean, stride_s),
                "corrupted": changes_a_minute(said, examples, rows & ~examples.clean, stride_s),
            }
            for name, rows in tracks.items()
        },
        "agreement_by_kind": {
            kind: float(agreement(said, examples.target)[rows].mean())
            for kind, rows in (
                (kind, examples.corrupted & (examples.kind == number))
                for number, kind in enumerate(KINDS)
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


def compare(
    methods: Mapping[str, TemporalMethod], examples: Examples, stride_s: float
) -> dict[str, Any]:
    """All figures of all methods, ready for JSON; one must be CNN-S."""
    said = {name: method.recognise(examples.windows) for name, method in methods.items()}
    found = {
        name: figures(probabilities, examples, stride_s)
        | {"gains": gains(probabilities, said[REFERENCE], examples)}
        for name, probabilities in said.items()
    }
    return {"windows": _counts(examples), "methods": found, "winner": winner(found)}


def with_and_without_sound(
    methods: Mapping[str, TemporalMethod],
    listening: Mapping[str, TemporalMethod],
    examples: Examples,
) -> dict[str, Any]:
    """Agreement of the methods that listen, and of the same that do not, in `examples`."""
    found: dict[str, Any] = {"clean": int(examples.clean.sum())}
    found["corrupted"] = int(examples.corrupted.sum())
    for name in listening:
        agrees = {
            way: agreement(given[name].recognise(examples.windows), examples.target)
            for way, given in (("without", methods), ("with", listening))
        }
        found[name] = {
            way: {
                "clean": float(values[examples.clean].mean()),
                "corrupted": float(values[examples.corrupted].mean()),
            }
            for way, values in agrees.items()
        }
    return found


def _counts(examples: Examples) -> dict[str, int]:
    labelled = examples.label != NO_LABEL
    clips = examples.filmed
    return {
        "clean": int(examples.clean.sum()),
        "clean_labelled": int((examples.clean & labelled).sum()),
        "clean_clips": int((examples.clean & clips).sum()),
        "corrupted": int(examples.corrupted.sum()),
        "corrupted_labelled": int((examples.corrupted & labelled).sum()),
        "corrupted_clips": int((examples.corrupted & clips).sum()),
        "persons": len(np.unique(examples.person)),
        "persons_in_clips": len(np.unique(examples.person[clips])),
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Read the arguments, measure, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description="Compare the temporal methods.")
    parser.add_argument("--videos", type=Path, required=True, help="folder of the clips")
    parser.add_argument("--press", type=Path, required=True, help="press_faces.zip")
    parser.add_argument("--backbone", default="default", help="name, or ONNX file")
    parser.add_argument("--run", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    readings = data.held_out(arguments.videos, arguments.press, arguments.backbone, arguments.run)
    analysis, backbone = Analysis(audio=True), load_backbone(arguments.backbone)

    def load(file: Path) -> TemporalMethod:
        method = load_temporal(replace(analysis, temporal=str(file)), "cpu")
        require_fit(method, backbone.sha256)
        return method

    learnt = {name: load(arguments.run / f"{name}.onnx") for name in METHODS}
    files = {name: arguments.run / f"{name}-sound.onnx" for name in METHODS}
    listening = {name: load(file) for name, file in files.items() if file.exists()}
    methods: dict[str, TemporalMethod] = {CnnW.name: CnnW(), CnnS.name: CnnS(), **learnt}
    examples = lay_out(readings, analysis)
    result = compare(methods, examples, analysis.stride_s)
    if listening:
        spoken = with_sound(examples, arguments.videos, analysis)
        spoken = spoken.where(heard(spoken))
        result["sound"] = with_and_without_sound(methods, listening, spoken)
    made_with = {
        "backbone": backbone.name,
        "backbone_sha256": backbone.sha256,
        "files": {name: method.sha256 for name, method in learnt.items()},
    }
    arguments.out.write_text(json.dumps(made_with | _rounded(result), indent=1) + "\n")
    print(f"the default should be {result['winner']}")


if __name__ == "__main__":
    main()
