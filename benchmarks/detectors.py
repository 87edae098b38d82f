"""Recall against time of every detector on real clips, and of the schedule that a run uses.

    python -m benchmarks.detectors --clips ../shared/data/videos --models ../shared/models

writes benchmarks/detectors.json, which `python -m benchmarks.tables` shows in docs/detectors.md.
The pictures are what a run samples, five a second. Nobody has marked these clips: the reference is
what CenterFace at 960 pixels and SCRFD-500M at 640 find together at a score of .5, so it favours
these two, and `beyond` counts what a detector finds that it lacks, be it a cat or a face that both
missed. Apart from the others stand the crowd clip (1080p, small faces), the dark clip with its
cuts, and seven clips on which the int8 network was calibrated (trainers/detector/quantize.py).

- whole: pictures at a longest side of so many pixels, never enlarged; of the other clips one a
  second. `ms` is for a 16:9 picture of the crowd clip, its least over repeats in turn with all
  other detectors.
- schedule: as in a run at the default size (the whole picture once a second and after a cut, known
  faces' regions between). `ms` is the mean processor time of a sampled picture.

Times are of one core; `of_default` is a time as a multiple of CenterFace's at 640.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np

from streamfer.config import Analysis
from streamfer.faces.cuts import CutDetector
from streamfer.faces.detections import Faces, Floats, each_once
from streamfer.faces.detector import Detector, load_detector
from streamfer.faces.evaluation import Score
from streamfer.faces.resized import detect_resized
from streamfer.faces.schedule import FaceFinder
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.picture import Picture
from streamfer.media.probe import probe
from trainers.detector.quantize import CLIPS

FPS = 5
CROWD, DARK = "facenet__video.mp4", "face_recognition__short_hamilton_clip.mp4"
REPEATS = 15
SIZES = (640, 480, 320)
FILES = {
    "CenterFace": "centerface",
    "CenterFace int8": "centerface-int8",
    "SCRFD-500M": "scrfd_500m_bnkps.onnx",
    "RetinaFace-MobileNet0.25": "retinaface_mbnet0.25.onnx",
    "YuNet": "yunet_yunet_final_dynamic_simplify.onnx",
    "RFB-640": "ultralight_version-RFB-640.onnx",
    "MTCNN": ".",
}


@dataclass(frozen=True)
class Way:
    """A detector at a size: "whole" (with the least score that counts) or "schedule"."""

    name: str
    how: str
    size: int
    min_score: float


DEFAULT = Way("CenterFace", "schedule", 640, 0.5)
Scores = dict[Way, dict[str, Score]]


def group(clip: str) -> str:
    """Which of the four groups a clip is in."""
    if clip in CLIPS:
        return "calibration"
    return {CROWD: "crowd", DARK: "dark"}.get(clip, "others")


def whole(detector: Detector, picture: Picture, size: int) -> Faces:
    """The faces of a picture made smaller to `size`, if it is larger."""
    return detect_resized(detector.detect, [picture], [min(size, max(picture.shape[:2]))])[0]


def reference(detectors: dict[str, Detector], picture: Picture) -> Floats:
    """The boxes (n, 4) that count as true."""
    first = whole(detectors["CenterFace"], picture, 960)
    second = whole(detectors["SCRFD-500M"], picture, 640)
    faces = Faces.concatenate([first, second])
    ranks = np.concatenate([first.scores + 1, second.scores])
    return each_once(faces, ranks).boxes


def samples(path: Path) -> Iterator[tuple[int, Picture, bool]]:
    """Ticks, pictures, and whether a cut lies before them."""
    cuts = CutDetector(Analysis.cut_distance)
    for sample in SampleReader(probe(str(path), Limits()), FPS):
        yield sample.tick, sample.picture, cuts.is_cut(sample.picture)


def look(detectors: dict[str, Detector], path: Path, scores: Scores) -> None:
    """Show a clip to all detectors in all ways."""
    finders = {
        name: FaceFinder(detector.detect, Analysis(fps=FPS)) for name, detector in detectors.items()
    }
    clip = group(path.name)
    for tick, picture, cut in samples(path):
        truth = reference(detectors, picture)
        for name, detector in detectors.items():
            for size in SIZES if clip in ("crowd", "dark") or tick % FPS == 0 else ():
                faces = whole(detector, picture, size)
                for least in (0.5, 0.7):
                    found = faces.boxes[faces.scores >= least]
                    scores[Way(name, "whole", size, least)][clip].add(truth, found, 0)
            start = time.process_time()
            found = finders[name].find(tick, picture, cut).boxes
            spent = time.process_time() - start
            scores[Way(name, "schedule", 640, 0.5)][clip].add(truth, found, spent)


def least_times(detectors: dict[str, Detector], picture: Picture) -> dict[tuple[str, int], float]:
    """Milliseconds of each detector at each size."""
    least: dict[tuple[str, int], float] = defaultdict(lambda: float("inf"))
    for _ in range(REPEATS):
        for name, detector in detectors.items():
            for size in SIZES:
                start = time.process_time()
                whole(detector, picture, size)
                spent = 1000 * (time.process_time() - start)
                least[name, size] = min(least[name, size], spent)
    return least


def row(way: Way, scores: Scores, times: dict[tuple[str, int], float]) -> dict[str, Any]:
    """A line of the result."""
    line: dict[str, Any] = asdict(way)
    if way.how == "whole":
        ms = times[way.name, way.size]
        line |= {"ms": round(ms, 2), "of_default": round(ms / times["CenterFace", 640], 3)}
    for clip, score in scores[way].items():
        known = score.tp + score.fn
        line[clip] = {"recall": round(score.tp / known, 3), "beyond": score.fp}
        line[clip] |= {"faces": known, "pictures": score.pictures}
        if way.how == "schedule":
            default = scores[DEFAULT][clip]
            line[clip]["ms"] = round(1000 * score.seconds / score.pictures, 2)
            line[clip]["of_default"] = round(score.seconds / default.seconds, 3)
    return line


def main() -> None:
    """Measure and write; the names of the clips show how far it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, required=True, help="folder of the real clips")
    parser.add_argument("--models", type=Path, required=True, help="folder of the weights")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    detectors = {
        name: load_detector(str(path) if (path := arguments.models / file).exists() else file)
        for name, file in FILES.items()
    }
    scores: Scores = defaultdict(lambda: defaultdict(Score))
    for path in sorted(arguments.clips.iterdir()):
        look(detectors, path, scores)
        print(path.name)
    _, crowd, _ = next(samples(arguments.clips / CROWD))
    times = least_times(detectors, crowd)
    rows = [row(way, scores, times) for way in scores]
    rows.sort(key=lambda r: (r["how"], r["min_score"]), reverse=True)
    result = {"ways": rows}
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
