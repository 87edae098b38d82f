"""Compares streamfer's tracker with those of the library `trackers` at five samples a second.

    OMP_NUM_THREADS=1 python benchmarks/tracking.py --clips ../shared/data/videos

writes benchmarks/tracking.json. All trackers are given the same faces and cuts, those that a run
of streamfer finds. IDF1, HOTA and identity switches are the library's own metrics, against

- demo: the demo's exact truth;
- walkers: 30 made-up scenes of two to five people who walk at random behind and before one
  another, their boxes inexact, 5 % of them missing, 2 % of the samples with a false one;
- turning: ten scenes of two people of the demo who walk towards each other, meet, and turn back;
- crowd: a real clip, the people told apart by eye (benchmarks/crowd_truth.json).

For the other clips the number of tracks is counted. `unnumbered` are faces that a tracker gave
no number. The libraries' trackers are set to confirm a track as early as they can, to gate at an
IoU of .1 and to remember for three seconds; their motion model follows every tick, and at a cut
they are reset. "streamfer, grey" is our tracker without colours: it is shown a grey picture.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import supervision
import trackers
from numpy.typing import NDArray
from trackers.eval import compute_clear_metrics, compute_hota_metrics, compute_identity_metrics

from streamfer.config import Analysis
from streamfer.demo import COUNTER, HEIGHT, WIDTH, Person, Prop, Scene, Stage, make_demo
from streamfer.faces.cuts import CutDetector
from streamfer.faces.detections import Faces, intersection, iou
from streamfer.faces.detector import load_detector
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.picture import Picture
from streamfer.media.probe import probe

FPS = 5
MAX_GAP = 15
GREY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
PEOPLE = ("astronaut", "man in grey", "man in black", "woman with cards", "woman in black")
ONE_PERSON = (
    "pyfeat__WolfgangLanger_Pexels.mp4",
    "fer__test.mp4",
    "fer__woman2.mp4",
    *(f"liveportrait__{name}.mp4" for name in ("d0", "d3", "d6", "d9", "d13", "s18")),
)


@dataclass(frozen=True)
class Sample:
    """What a tracker is given at a tick."""

    tick: int
    picture: Picture
    faces: Faces
    cut: bool


@dataclass(frozen=True)
class TrueFaces:
    """Who is visible at a tick: numbers (n,) and boxes (n, 4)."""

    people: NDArray[np.intp]
    boxes: NDArray[np.float32]


Recorded = tuple[list[Sample], list[TrueFaces]]
Track = Callable[[list[Sample]], list[NDArray[np.int64]]]


def streamfer(samples: list[Sample], *, grey: bool = False) -> list[NDArray[np.int64]]:
    """Our numbers for the faces of each sample."""
    tracker = Tracker(MAX_GAP, FPS)
    return [
        tracker.update(s.tick, GREY if grey else s.picture, s.faces, cut=s.cut).astype(np.int64)
        for s in samples
    ]


def library(make: Callable[[], Any], samples: list[Sample]) -> list[NDArray[np.int64]]:
    """The numbers of one of the library's trackers; -1 where it gives none."""
    tracker, first = make(), 0
    numbers: list[NDArray[np.int64]] = []
    for sample in samples:
        if sample.cut:
            tracker.reset()
            first = 1 + max((int(n.max()) for n in numbers if len(n)), default=-1)
        faces = sample.faces
        given = supervision.Detections(
            xyxy=faces.boxes,
            confidence=faces.scores,
            class_id=np.zeros(len(faces), int),
            data={"position": np.arange(len(faces))},
        )
        result = tracker.update(given)
        found = np.full(len(faces), -1)
        if len(result):
            known = result.tracker_id >= 0
            found[result.data["position"][known]] = first + result.tracker_id[known]
        numbers.append(found)
    return numbers


def contestants() -> dict[str, Track]:
    """All trackers by name."""
    common = {
        "lost_track_buffer": 30 * MAX_GAP // FPS,  # the library counts at 30 frames a second
        "frame_rate": FPS,
        "minimum_consecutive_frames": 1,
        "high_conf_det_threshold": 0.5,
    }
    one = {"minimum_iou_threshold": 0.1}
    two = {"minimum_iou_threshold_first_assoc": 0.1, "track_activation_threshold": 0.5}
    made: dict[str, Callable[[], Any]] = {
        "ByteTrack": lambda: trackers.ByteTrackTracker(
            **common, **one, track_activation_threshold=0.5
        ),
        "OC-SORT": lambda: trackers.OCSORTTracker(**common, **one),
        "BoT-SORT": lambda: trackers.BoTSORTTracker(**common, **two, enable_cmc=False),
        "C-BIoU": lambda: trackers.CBIoUTracker(**common, **two),
    }
    ours: dict[str, Track] = {
        "streamfer": streamfer,
        "streamfer, grey": lambda samples: streamfer(samples, grey=True),
    }
    return ours | {
        name: lambda samples, make=make: library(make, samples) for name, make in made.items()
    }


def analysed(path: Path) -> list[Sample]:
    """The samples of a video as a run of streamfer sees them."""
    analysis = Analysis(fps=FPS)
    finder = FaceFinder(load_detector(analysis.detector).detect, analysis)
    cuts = CutDetector(analysis.cut_distance)
    samples = []
    for sample in SampleReader(probe(str(path), Limits()), FPS):
        cut = cuts.is_cut(sample.picture)
        faces = finder.find(sample.tick, sample.picture, cut)
        samples.append(Sample(sample.tick, sample.picture, faces, cut))
    return samples


def demo() -> Recorded:
    """The demo with its truth, boxes within the picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "demo.mp4")
        truth = make_demo(path)
        samples = analysed(path)
    size = np.array([WIDTH, HEIGHT] * 2, np.float32)
    return samples, [
        TrueFaces(np.flatnonzero(visible), np.clip(boxes[visible], 0, size))
        for boxes, visible in zip(truth.boxes, truth.visible, strict=True)
    ]


def crowd(path: Path) -> Recorded:
    """The crowd clip with the people told apart by eye."""
    truth = json.loads(Path(__file__).with_name("crowd_truth.json").read_text())["ticks"]
    samples = analysed(path)
    height, width = samples[0].picture.shape[:2]
    scale = np.array([width, height] * 2, np.float32)
    return samples, [
        TrueFaces(
            np.array([ord(face[0]) - ord("A") for face in faces]),
            np.array([face[1:] for face in faces], np.float32) * scale,
        )
        for faces in truth
    ]


def turning(left: str, right: str) -> Recorded:
    """Two people meet in the middle after two seconds, and go back where they came from."""
    y, wall, counter = 150, ("brick", (176, 130, 108)), (0, COUNTER, WIDTH, HEIGHT)
    times = (0, 1, 3.2, 3.6, 6, 7)
    cast = [
        Person(name, tuple((t, x, y, 0.64) for t, x in zip(times, xs, strict=True)))
        for name, xs in [
            (left, (150, 150, 310, 310, 150, 150)),
            (right, (470, 470, 310, 310, 470, 470)),
        ]
    ]
    stage = Stage(Scene(0, wall, (*cast, Prop("brick", (96, 70, 48), counter))))
    analysis = Analysis(fps=FPS)
    finder = FaceFinder(load_detector(analysis.detector).detect, analysis)
    samples, truth = [], []
    for tick in range(7 * FPS):
        picture, boxes, covered = stage.show(tick / FPS)
        visible = covered <= 0.5
        truth.append(TrueFaces(np.flatnonzero(visible), boxes[visible]))
        samples.append(Sample(tick, picture, finder.find(tick, picture, cut=False), cut=False))
    return samples, truth


def walkers(seed: int, ticks: int = 100) -> Recorded:
    """A made-up scene: see the top of this file."""
    rng = np.random.default_rng(seed)
    people = int(rng.integers(2, 6))
    size = rng.uniform(35, 70, people)
    half = size[:, None] * [0.43, 0.58]
    place = rng.uniform([50, 120], [590, 240], (people, 2))

    def paces() -> NDArray[np.float64]:
        return rng.normal(0, [0.3, 0.05], (people, 2)) * size[:, None]

    velocity = paces()
    samples, truth = [], []
    for tick in range(ticks):
        velocity = np.where(rng.random((people, 1)) < 0.03, paces(), velocity)
        place = place + velocity
        outside = (place < [40, 80]) | (place > [600, 280])
        velocity = np.where(outside, -velocity, velocity)
        place = np.clip(place, [40, 80], [600, 280])
        boxes = np.hstack([place - half, place + half]).astype(np.float32)
        covered = np.tril(intersection(boxes, boxes), -1) / np.prod(2 * half, axis=1)[:, None]
        visible = np.flatnonzero((covered <= 0.5).all(axis=1))
        truth.append(TrueFaces(visible, boxes[visible]))
        seen = visible[rng.random(len(visible)) > 0.05]
        found = boxes[seen] + rng.normal(0, 0.04, (len(seen), 4)) * size[seen, None]
        if rng.random() < 0.02:
            corner = rng.uniform([30, 80], [570, 240])
            found = np.vstack([found, np.r_[corner, corner + 50]])
        faces = Faces(
            found.astype(np.float32),
            np.zeros((len(found), 5, 2), np.float32),
            np.full(len(found), 0.9, np.float32),
        )
        samples.append(Sample(tick, GREY, faces, cut=False))
    return samples, truth


def scores(track: Track, scenes: list[Recorded]) -> dict[str, float]:
    """Means of IDF1 and HOTA over the scenes, and sums of the counts."""
    rows = []
    track(scenes[0][0])  # the first time is slower
    for samples, truth in scenes:
        start = time.process_time()
        numbers = track(samples)
        spent = (time.process_time() - start) / len(samples)
        people = [true.people for true in truth]
        known = [n >= 0 for n in numbers]
        tracks = [n[k] for n, k in zip(numbers, known, strict=True)]
        overlaps = [
            iou(true.boxes, sample.faces.boxes[k])
            for true, sample, k in zip(truth, samples, known, strict=True)
        ]
        clear = compute_clear_metrics(people, tracks, overlaps)
        rows.append(
            {
                "idf1": compute_identity_metrics(people, tracks, overlaps)["IDF1"],
                "hota": compute_hota_metrics(people, tracks, overlaps)["HOTA"],
                "switches": int(clear["IDSW"]),
                "tracks": len(np.unique(np.concatenate(tracks))),
                "people": len(np.unique(np.concatenate(people))),
                "unnumbered": sum(int((~k).sum()) for k in known),
                "ms_per_sample": 1000 * spent,
            }
        )
    means = {k: round(float(np.mean([r[k] for r in rows])), 3) for k in ("idf1", "hota")}
    sums = {k: sum(r[k] for r in rows) for k in ("switches", "tracks", "people", "unnumbered")}
    return means | sums | {"ms_per_sample": round(np.mean([r["ms_per_sample"] for r in rows]), 2)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, required=True, help="folder of the real clips")
    clips = parser.parse_args().clips
    truths = {
        "demo": [demo()],
        "walkers": [walkers(seed) for seed in range(30)],
        "turning": [turning(*pair) for pair in itertools.combinations(PEOPLE, 2)],
        "crowd": [crowd(clips / "facenet__video.mp4")],
    }
    counted = {
        name: analysed(clips / name)
        for name in ("face_recognition__short_hamilton_clip.mp4", *ONE_PERSON)
    }
    result: dict[str, Any] = {"with truth": {}, "tracks": {}}
    for name, track in contestants().items():
        result["with truth"][name] = {what: scores(track, s) for what, s in truths.items()}
        result["tracks"][name] = {
            clip: len({int(n) for tick in track(samples) for n in tick if n >= 0})
            for clip, samples in counted.items()
        }
        print(name, json.dumps(result["with truth"][name], indent=1))
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
