r"""Measure the six temporal methods on people that nothing was fitted to.

    python -m trainers.temporal.compare --videos FOLDER --press press_faces.zip \
        --run runs/temporal --out docs/temporal.json

All are asked about the same windows, as they are and spoilt. The first reference is CNN-S of the
window as it is, so there CNN-S is right by construction. Two more are fair to all: in clips,
CNN-S over three times as long; in stills, what a person said of the picture.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.cnn_w import CnnW
from streamfer.emotion.temporal.load import load_temporal_beside
from streamfer.emotion.temporal.method import TemporalMethod
from trainers.temporal import data
from trainers.temporal.examples import Examples, lay_out
from trainers.temporal.hearing import heard, with_sound
from trainers.temporal.measures import agreement, figures, gains, winner
from trainers.temporal.sequences import NO_LABEL
from trainers.temporal.train import METHODS

REFERENCE = CnnS.name


def compare(
    methods: Mapping[str, TemporalMethod], examples: Examples, stride_s: float
) -> dict[str, Any]:
    """All figures of all methods, ready for JSON; one must be CNN-S."""
    said, seconds = {}, {}
    for name, method in methods.items():
        started = time.process_time()
        said[name] = method.recognise(examples.windows)
        seconds[name] = time.process_time() - started
    found = {
        name: figures(probabilities, examples, stride_s)
        | {"gains": gains(probabilities, said[REFERENCE], examples)}
        | {"milliseconds_a_window": 1000 * seconds[name] / len(examples)}
        for name, probabilities in said.items()
    }
    return {"windows": _counts(examples), "methods": found, "winner": winner(found)}


def with_and_without_sound(
    methods: Mapping[str, TemporalMethod],
    listening: Mapping[str, TemporalMethod],
    examples: Examples,
) -> dict[str, Any]:
    """Agreement of the methods that listen, and of the same that do not, in `examples`."""
    found = {}
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
    counts = {"clean": int(examples.clean.sum()), "corrupted": int(examples.corrupted.sum())}
    return counts | {"methods": found}


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
        settings = replace(analysis, temporal=str(file))
        return load_temporal_beside(backbone.sha256, settings, "cpu")

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
