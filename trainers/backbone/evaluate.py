r"""Measure a shipped backbone as its users would run it.

python -m trainers.backbone.evaluate --fer2013 fer2013.zip --press press_faces.zip \
    --model FILE.onnx --out FILE.json
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
from trainers import metrics
from trainers.backbone.views import Views
from trainers.corpora import fer2013, press_faces
from trainers.corpora.faces import Faces

BATCH = 8


def probabilities(backbone: Backbone, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities (N, 7) of grey faces, uint8 (N, S, S)."""
    batches = np.split(np.repeat(images[..., None], 3, axis=3), range(256, len(images), 256))
    return np.concatenate([backbone.predict(list(batch))[1] for batch in batches])


def measure(faces: Faces, scored: NDArray[np.float32]) -> dict[str, Any]:
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
    shape = (BATCH, backbone.input_size, backbone.input_size, 3)
    faces = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    durations = []
    for _ in range(rounds):
        started = time.perf_counter()
        backbone.embed(faces)
        durations.append(time.perf_counter() - started)
    return statistics.median(durations) / BATCH * 1000


def main() -> None:
    """Read the arguments, measure, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure a shipped backbone.")
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--press", type=Path, required=True, help="press_faces.zip")
    parser.add_argument("--model", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    backbone = load_backbone(str(arguments.model))
    sets = {
        "fer2013": fer2013.split(fer2013.load(arguments.fer2013, "train"))[1],
        "press": press_faces.split(press_faces.load(arguments.press))[1],
    }
    figures: dict[str, Any] = {
        "model": arguments.model.name,
        "sha256": backbone.sha256,
        "bytes": arguments.model.stat().st_size,
        "labels": EMOTIONS,
        "runtime": backbone.runtime,
        "metadata": dict(backbone.network.metadata),
        "milliseconds_a_face": round(milliseconds_a_face(backbone), 2),
    }
    for name, faces in sets.items():
        views = Views.of(faces)
        given = probabilities(backbone, faces.images)
        found, framed = faces.where(views.found), views.framed.where(views.found)
        figures[f"{name}_held_out"] = measure(faces, given)
        figures[f"{name}_held_out_found"] = measure(found, given[views.found])
        figures[f"{name}_held_out_framed"] = measure(framed, probabilities(backbone, framed.images))
    public_test = fer2013.load(arguments.fer2013, "public_test")
    figures["public_test"] = measure(public_test, probabilities(backbone, public_test.images))
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps({k: figures["public_test"][k] for k in ("accuracy", "uar")}))


if __name__ == "__main__":
    main()
