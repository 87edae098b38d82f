"""Our default backbone beside the networks that people use today, on the same pictures.

    python -m benchmarks.networks --fer2013 fer2013.zip --press-faces press_faces.zip --models DIR

writes benchmarks/networks.json; `python -m benchmarks.tables` puts it into the documents. DIR
holds the competitors' files (`benchmarks.competitors`); `pip install 'streamfer[benchmarks]'`
brings what reads them. `--held-out` measures on the tenth of FER2013's training part that choices
are made on, in place of `public_test`, and writes nothing.

Every network gets the same uint8 pictures and resizes them itself. Milliseconds are
processor time on one thread, with that, from 48-pixel faces; the networks take turns, and the
best of all rounds counts.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

from benchmarks.competitors import Contestant, load_competitors
from benchmarks.record import circumstances
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.weights.catalogue import resolve
from trainers import metrics
from trainers.corpora import fer2013, press_faces
from trainers.corpora.faces import Faces

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("onnxruntime", "numpy", "opencv-python", "torch", "ai-edge-litert")
ROUNDS = 200
BATCHES = (1, 8)


def load_ours() -> Contestant:
    """The backbone that streamfer uses if none is named."""
    backbone = load_backbone("default", "cpu")
    file = resolve(backbone.name, "backbone")
    weights = onnx.load(file).graph.initializer
    return Contestant(
        name=f"streamfer ({backbone.name})",
        sha256=backbone.sha256,
        size=file.stat().st_size,
        parameters=sum(math.prod(weight.dims) for weight in weights),
        side=backbone.input_size,
        runtime=backbone.runtime,
        predict=lambda faces: backbone.predict(faces)[1],
    )


def measure(network: Contestant, faces: Faces) -> dict[str, Any]:
    """How well a network knows the expressions of `faces`."""
    pictures = rgb(faces)
    batches = [pictures[start : start + 64] for start in range(0, len(pictures), 64)]
    scored = np.concatenate([network.predict(batch) for batch in batches])
    matrix = metrics.confusion(faces.labels, scored.argmax(1), len(EMOTIONS))
    return {
        "accuracy": round(metrics.accuracy(matrix), 4),
        "uar": round(metrics.uar(matrix), 4),
        "ece": round(metrics.expected_calibration_error(scored, faces.labels), 4),
        "recall": dict(zip(EMOTIONS, metrics.recalls(matrix).round(4).tolist(), strict=True)),
    }


def milliseconds_a_face(
    networks: Sequence[Contestant], faces: Faces, rounds: int
) -> list[dict[str, float]]:
    """For each network and batch size the least processor time of `rounds`."""
    pictures = rgb(faces)
    best = [dict.fromkeys(map(str, BATCHES), math.inf) for _ in networks]
    for _ in range(rounds):
        for network, times in zip(networks, best, strict=True):
            for batch in BATCHES:
                start = time.process_time()
                network.predict(pictures[:batch])
                spent = 1000 * (time.process_time() - start) / batch
                times[str(batch)] = round(min(times[str(batch)], spent), 3)
    return best


def rgb(faces: Faces) -> list[NDArray[np.uint8]]:
    """Each grey face as a uint8 RGB picture (S, S, 3)."""
    return [np.repeat(image[..., None], 3, axis=2) for image in faces.images]


def main() -> None:
    """Measure all networks on all corpora, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--press-faces", type=Path, help="press_faces.zip")
    parser.add_argument("--models", type=Path, required=True, help="the competitors' files")
    parser.add_argument("--held-out", action="store_true", help="leave public_test alone")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.held_out:
        _, faces = fer2013.split(fer2013.load(arguments.fer2013, "train"))
        corpora = {"FER2013 train, held-out tenth": faces}
    else:
        corpora = {"FER2013 public_test": fer2013.load(arguments.fer2013, "public_test")}
    if arguments.press_faces:
        _, faces = press_faces.split(press_faces.load(arguments.press_faces))
        corpora["press faces, held-out persons"] = faces
    networks = [load_ours(), *load_competitors(arguments.models)]
    times = milliseconds_a_face(networks, next(iter(corpora.values())), ROUNDS)
    result = circumstances(*PACKAGES) | {
        "faces": {name: len(faces) for name, faces in corpora.items()},
        "networks": [
            {
                "name": network.name,
                "sha256": network.sha256,
                "bytes": network.size,
                "parameters": network.parameters,
                "side": network.side,
                "runtime": network.runtime,
                "milliseconds_a_face_in_batches_of": milliseconds,
                "corpora": {name: measure(network, faces) for name, faces in corpora.items()},
            }
            for network, milliseconds in zip(networks, times, strict=True)
        ],
    }
    text = json.dumps(result, indent=1)
    if not arguments.held_out:
        RESULTS.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
