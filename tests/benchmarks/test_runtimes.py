"""The table of runtimes is what the committed measurements say, and those say what they claim."""

import json

import numpy as np
import pytest

from benchmarks import runtimes
from streamfer.faces.detections import Faces
from streamfer.weights.runtime import INT8_TWINS, RUNTIMES, model_name

RESULTS = json.loads(runtimes.RESULTS.read_text())


@pytest.mark.parametrize("task", ["detector", "backbone"])
@pytest.mark.parametrize("device", RESULTS)
def test_the_fastest_that_passes_is_the_default(device, task):
    result = RESULTS[device]

    row = runtimes.fastest(result, task, device)

    assert row["network"] == model_name("default", task, device)
    assert row["runtime"].startswith(RUNTIMES[device][0])


def test_a_gpus_precision_passes_as_a_processor_computes_it():
    precision = RUNTIMES["cuda"][0].split("-")[2]
    rows = [r for r in RESULTS["cpu"]["rows"] if r["runtime"] == f"torch-cpu-{precision}"]

    assert {row["task"] for row in rows if row["passes"]} == {"detector", "backbone"}


def test_no_int8_twin_is_a_default_unmeasured():
    measured = {row["network"] for row in RESULTS["cpu"]["rows"]}

    assert measured >= set(INT8_TWINS.values())


def test_of_those_that_pass_the_one_that_takes_least_of_a_second_of_video_is_fastest():
    def row(runtime, whole, region, *, passes):
        ms = {"1 of 640x384": whole, "1 of 128x128": region}
        return {"task": "detector", "runtime": runtime, "ms": ms, "passes": passes}

    rows = [
        row("onnxruntime-cpu-fp32", 20, 2, passes=True),
        row("torch-cpu-bf16", 16, 5, passes=True),
        row("onnxruntime-cpu-int8", 5, 1, passes=False),
        {"task": "detector", "runtime": "torch-cpu-fp16", "ms": {}, "passes": True},
    ]

    assert runtimes.fastest({"rows": rows}, "detector", "cpu") is rows[0]


def labelled(right: int, count: int = 400) -> np.ndarray:
    """Probabilities (N, 7) that name class 1 for the first `right` faces, else class 2."""
    scored = np.full((count, 7), 0.05, np.float32)
    scored[:right, 1] = scored[right:, 2] = 0.7
    return scored


@pytest.mark.parametrize(
    ("right", "passes"), [(400, True), (399, True), (396, False), (300, False)]
)
def test_a_backbone_passes_while_it_loses_at_most_half_a_point(right, passes):
    labels = np.ones(400, np.int64)

    figures = runtimes.backbone_figures(labels, labelled(400), labelled(right))

    assert figures["same"] == figures["accuracy"] == round(right / 400, 4)
    assert figures["passes"] is passes
    assert figures["largest_change"] == pytest.approx(0 if right == 400 else 0.65)


def test_a_backbone_that_is_as_often_right_about_other_faces_does_not_pass():
    labels = np.ones(400, np.int64)

    figures = runtimes.backbone_figures(labels, labelled(390), np.roll(labelled(390), 10, axis=0))

    assert figures["accuracy"] == 0.975
    assert figures["same"] == 0.95
    assert not figures["passes"]


def faces(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Faces:
    count = len(boxes)
    return Faces(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros((count, 5, 2), np.float32),
        np.full(count, score, np.float32),
    )


def test_a_detector_is_compared_box_by_box():
    one, other = (0, 0, 10, 10), (50, 50, 70, 70)

    figures = runtimes.detector_figures(
        [faces(one, other), faces(one)], [faces(one, (80, 0, 90, 9), score=0.6), faces(one)]
    )

    counted = {name: figures[name] for name in ("found", "beyond", "missed", "same", "passes")}
    assert counted == {"found": 2, "beyond": 1, "missed": 1, "same": 0.5, "passes": False}
    assert figures["largest_change"] == pytest.approx(0.3)
