"""Measure a shipped backbone on FER2013's public test faces, as its users would run it.

python -m trainers.backbone.evaluate --data fer2013.zip --model FILE.onnx --out FILE.json
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.backbone import Backbone, load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.faces.align import align
from trainers import metrics
from trainers.backbone.template import SIDE, enlarge, landmarks
from trainers.corpora import fer2013

BATCH = 8


def probabilities(backbone: Backbone, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities (N, 7) of grey faces, uint8 (N, 48, 48)."""
    batches = np.split(np.repeat(images[..., None], 3, axis=3), range(256, len(images), 256))
    return np.concatenate([backbone.embed(batch)[1] for batch in batches])


def aligned(faces: fer2013.Faces) -> tuple[fer2013.Faces, fer2013.Faces]:
    """The faces whose landmarks are found: as they are, and framed as a run would frame them."""
    indices, points = landmarks(faces.images)
    found = faces.where(np.isin(np.arange(len(faces)), indices))
    crops = [
        align(enlarge(image), (place[None] * SIDE).astype(np.float32), fer2013.SIDE)[0, ..., 0]
        for image, place in zip(found.images, points, strict=True)
    ]
    return found, fer2013.Faces(np.stack(crops), found.labels, found.names)


def measure(faces: fer2013.Faces, scored: NDArray[np.float32]) -> dict[str, Any]:
    """Figures of the probabilities (N, 7) given for `faces`, ready for JSON."""
    matrix = metrics.confusion(faces.labels, scored.argmax(1), len(EMOTIONS))
    per_class = zip(EMOTIONS, metrics.recalls(matrix), metrics.precisions(matrix), strict=True)
    return {
        "faces": len(faces),
        "accuracy": round(metrics.accuracy(matrix), 4),
        "uar": round(metrics.uar(matrix), 4),
        "expected_calibration_error": round(
            metrics.expected_calibration_error(scored, faces.labels), 4
        ),
        "negative_log_likelihood": round(metrics.negative_log_likelihood(scored, faces.labels), 4),
        "classes": {
            emotion: {"recall": round(float(recall), 4), "precision": round(float(precision), 4)}
            for emotion, recall, precision in per_class
        },
        "confusion": matrix.tolist(),
    }


def milliseconds_a_face(backbone: Backbone, rounds: int = 50) -> float:
    """The median over `rounds` batches of 8, on one core."""
    faces = np.random.default_rng(0).integers(0, 256, (BATCH, 48, 48, 3), np.uint8)
    durations = []
    for _ in range(rounds):
        started = time.perf_counter()
        backbone.embed(faces)
        durations.append(time.perf_counter() - started)
    return statistics.median(durations) / BATCH * 1000


def main() -> None:
    """Read the arguments, measure, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure a shipped backbone.")
    parser.add_argument("--data", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--model", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    backbone = load_backbone(str(arguments.model), "cpu")
    _, held_out = fer2013.split(fer2013.load(arguments.data, "train"))
    public_test = fer2013.load(arguments.data, "public_test")
    found, framed = aligned(held_out)
    figures = {
        "model": arguments.model.name,
        "sha256": backbone.sha256,
        "bytes": arguments.model.stat().st_size,
        "labels": EMOTIONS,
        "runtime": backbone.network.runtime,
        "metadata": dict(backbone.network.metadata),
        "milliseconds_a_face": round(milliseconds_a_face(backbone), 2),
        "public_test": measure(public_test, probabilities(backbone, public_test.images)),
        "held_out": measure(held_out, probabilities(backbone, held_out.images)),
        "held_out_found": measure(found, probabilities(backbone, found.images)),
        "held_out_aligned": measure(framed, probabilities(backbone, framed.images)),
    }
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps({k: figures["public_test"][k] for k in ("accuracy", "uar")}))


if __name__ == "__main__":
    main()
