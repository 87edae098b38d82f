"""Every default network in every runtime that this machine has: how fast, and how near to float32.

    python -m benchmarks.runtimes --fer2013 fer2013.zip --clips ../shared/data/videos
    python -m benchmarks.runtimes --fer2013 fer2013.zip --clips ../shared/data/videos --device cuda

puts its result for the device into benchmarks/runtimes.json, from which the table in
streamfer/weights/runtime.py is made (docs/runtimes.md). The reference is ONNX Runtime in float32 on
this machine's processor. Times are processor time of one thread, or the wait for a GPU with the way
to it and back; all runtimes take turns, and the best of all rounds counts. "torch-cpu-fp16" shows
what a GPU's half precision does to the results; on a processor it is far too slow to be timed.

`timelines` says how many tracks and rows of all clips stay, and how many labels, between the float
networks on the processor, or the processor's defaults, and the device's defaults.

The faces are the tenth of FER2013's training part that choices are made on. The pictures are of
the clips, one every two seconds, 640 pixels at their longest.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.agreement import agreement, timelines
from benchmarks.record import circumstances
from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.faces.detections import Faces, Picture, iou
from streamfer.faces.detector import load_detector
from streamfer.faces.evaluation import MATCH_IOU, Score
from streamfer.faces.resized import detect_resized
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.weights.catalogue import DEFAULTS, Task, resolve
from streamfer.weights.onnx_runtime import has_cuda
from streamfer.weights.runtime import INT8_TWINS, Network, load_network
from trainers import metrics
from trainers.backbone.views import as_crops
from trainers.corpora import fer2013
from trainers.corpora.faces import Faces as LabelledFaces

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("onnxruntime", "torch", "numpy")
ROUNDS = {"backbone": 30, "detector": 10}
EMULATED = "torch-cpu-fp16"
BATCHES: dict[str, dict[Task, tuple[int, ...]]] = {
    "cpu": {"backbone": (1, 8, 32), "detector": (1, 8)},
    "cuda": {"backbone": (1, 8, 32, 128), "detector": (1, 8, 32)},
}
PICTURE_SIZES = ((640, 384), (128, 128))
RUNTIMES = {
    "cpu": ("torch-cpu-fp32", "torch-cpu-bf16", EMULATED),
    "cuda": ("torch-cuda-fp32", "torch-cuda-bf16", "torch-cuda-fp16"),
}
# What decides between two: of a detector a second of video with one known face.
DECISIVE: dict[str, dict[Task, dict[str, int]]] = {
    "cpu": {"backbone": {"8": 1}, "detector": {"1 of 640x384": 1, "1 of 128x128": 4}},
    "cuda": {"backbone": {"32": 1}, "detector": {"8 of 640x384": 1, "32 of 128x128": 4}},
}
LEAST_SAME = 0.98  # of the labels, or of all boxes that either finds
MOST_LOST = 0.005  # of accuracy and of unweighted average recall


@dataclass(frozen=True)
class Candidate:
    """A network in a runtime; the first of a task is the reference."""

    task: Task
    model: str
    network: Network

    def describe(self) -> dict[str, str]:
        """What it is."""
        return {"task": self.task, "network": self.model, "runtime": self.network.runtime}


def candidates(task: Task, device: str) -> list[Candidate]:
    """The reference, and all that could serve the device."""
    name = DEFAULTS[task]
    wanted = [(name, "onnxruntime-cpu"), *((name, runtime) for runtime in RUNTIMES[device])]
    if device == "cuda" and has_cuda():
        wanted.append((name, "onnxruntime-cuda"))
    if device == "cpu" and name in INT8_TWINS:
        wanted.append((INT8_TWINS[name], "onnxruntime-cpu"))
    free_dims = (0, 2, 3) if task == "detector" else ()
    return [
        Candidate(
            task,
            model,
            load_network(resolve(model, task), "cpu", free_dims=free_dims, runtimes=[runtime]),
        )
        for model, runtime in wanted
    ]


def least_times(
    networks: Sequence[Network], inputs: dict[str, NDArray[Any]], device: str, rounds: int
) -> list[float]:
    """Milliseconds of a row for each network."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    rows = len(next(iter(inputs.values())))
    best = [math.inf] * len(networks)
    for _ in range(1 + rounds):  # the first is slow, and so never the best
        for index, network in enumerate(networks):
            start = clock()
            network.run(inputs)
            best[index] = min(best[index], 1000 * (clock() - start) / rows)
    return best


def times(task: Task, device: str, networks: Sequence[Network]) -> list[dict[str, Any]]:
    """For each network, by the size of the batch, milliseconds and their ratio to the first's."""
    found: list[dict[str, Any]] = [{"ms": {}, "of_reference": {}} for _ in networks]
    timed = [index for index, network in enumerate(networks) if network.runtime != EMULATED]
    ((name, shape),) = networks[0].input_shapes.items()
    random = np.random.default_rng(0)
    for batch in BATCHES[device][task]:
        for size in PICTURE_SIZES if task == "detector" else (None,):
            if size is None:
                rows = random.integers(0, 256, (batch, *shape[1:])).astype(np.uint8)
                title = str(batch)
            else:
                rows = random.integers(0, 256, (batch, 3, *size[::-1])).astype(np.float32)
                title = f"{batch} of {size[0]}x{size[1]}"
            takers = [networks[index] for index in timed]
            best = least_times(takers, {name: rows}, device, ROUNDS[task])
            for index, milliseconds in zip(timed, best, strict=True):
                found[index]["ms"][title] = round(milliseconds, 3)
                found[index]["of_reference"][title] = round(milliseconds / best[0], 3)
    return found


def near_labels(networks: Sequence[Network], faces: LabelledFaces) -> list[dict[str, Any]]:
    """For each backbone how it does on labelled faces, and how near it is to the first."""
    ((name, shape),) = networks[0].input_shapes.items()
    crops = as_crops(faces.images, shape[1] or 0)
    batches = np.split(crops, range(256, len(crops), 256))
    scored = [
        np.concatenate([network.run({name: batch})["probabilities"] for batch in batches])
        for network in networks
    ]
    return [backbone_figures(faces.labels, scored[0], one) for one in scored]


def backbone_figures(
    labels: NDArray[np.int64], reference: NDArray[np.float32], scored: NDArray[np.float32]
) -> dict[str, Any]:
    """Probabilities (N, 7) of labelled faces beside those of the reference."""
    counts = [metrics.confusion(labels, p.argmax(1), len(EMOTIONS)) for p in (reference, scored)]
    accuracies, recalls = map(metrics.accuracy, counts), map(metrics.uar, counts)
    (before, after), (uar_before, uar_after) = accuracies, recalls
    same = float((reference.argmax(1) == scored.argmax(1)).mean())
    lost = max(before - after, uar_before - uar_after)
    return {
        "same": round(same, 4),
        "largest_change": round(float(np.abs(reference - scored).max()), 5),
        "accuracy": round(after, 4),
        "uar": round(uar_after, 4),
        "passes": same >= LEAST_SAME and lost <= MOST_LOST,
    }


def near_faces(networks: Sequence[Network], pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """For each detector's network whether it finds what the first finds."""
    found = [find_faces(network, pictures) for network in networks]
    return [detector_figures(found[0], one) for one in found]


def find_faces(network: Network, pictures: Sequence[Picture]) -> list[Faces]:
    """The faces of each picture, as the default detector would find them with this network."""
    detector: Any = load_detector("default")
    detector._network = network
    sides = [min(640, max(picture.shape[:2])) for picture in pictures]
    return detect_resized(detector.detect, pictures, sides)


def detector_figures(reference: Sequence[Faces], found: Sequence[Faces]) -> dict[str, Any]:
    """The faces of each picture beside those of the reference."""
    score, changes = Score(), [0.0]
    for one, other in zip(reference, found, strict=True):
        score.add(one.boxes, other.boxes, 0)
        pairs = np.argwhere(iou(one.boxes, other.boxes) >= MATCH_IOU)
        changes += [abs(float(one.scores[i] - other.scores[j])) for i, j in pairs]
    same = score.iou or 0.0
    return {
        "same": round(same, 4),
        "largest_change": round(max(changes), 5),
        "found": score.tp,
        "beyond": score.fp,
        "missed": score.fn,
        "passes": same >= LEAST_SAME,
    }


def fastest(result: dict[str, Any], task: Task, device: str) -> dict[str, Any]:
    """Of a device's result the row of the fastest of those that pass."""
    counts = DECISIVE[device][task]
    rows = [row for row in result["rows"] if row["task"] == task and row["passes"] and row["ms"]]
    on_device = [row for row in rows if f"-{device}-" in row["runtime"]]
    return min(on_device, key=lambda row: sum(n * row["ms"][title] for title, n in counts.items()))


def pictures_of(clips: Path) -> list[Picture]:
    """One picture every two seconds."""
    return [
        sample.picture
        for path in sorted(clips.iterdir())
        for sample in SampleReader(probe(str(path), Limits()), 1)
        if sample.tick % 2 == 0
    ]


def compare_timelines(clips: Sequence[Path], device: str) -> dict[str, Any]:
    """What the choice of networks and runtimes does to what a user reads."""
    exact = Analysis(detector=DEFAULTS["detector"], backbone=DEFAULTS["backbone"])
    found = timelines(clips, Analysis(), "cuda" if device == "cuda" else "cpu")
    results = {"float on cpu": agreement(timelines(clips, exact, "cpu"), found)}
    if device == "cuda":
        results["default on cpu"] = agreement(timelines(clips, Analysis(), "cpu"), found)
    return results


def main() -> None:
    """Measure, and keep the result of this device beside those of others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--clips", type=Path, required=True, help="folder of videos")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    _, faces = fer2013.split(fer2013.load(arguments.fer2013, "train"))
    pictures = pictures_of(arguments.clips)
    near: dict[Task, Callable[[Sequence[Network]], list[dict[str, Any]]]] = {
        "detector": lambda networks: near_faces(networks, pictures),
        "backbone": lambda networks: near_labels(networks, faces),
    }
    rows = []
    for task, compare in near.items():
        chosen = candidates(task, arguments.device)
        networks = [candidate.network for candidate in chosen]
        rows += [
            candidate.describe() | timing | nearness
            for candidate, timing, nearness in zip(
                chosen, times(task, arguments.device, networks), compare(networks), strict=True
            )
        ]
    result = circumstances(*PACKAGES) | {
        "faces": len(faces),
        "pictures": len(pictures),
        "timelines": compare_timelines(sorted(arguments.clips.iterdir()), arguments.device),
        "rows": rows,
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(results | {arguments.device: result}, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
