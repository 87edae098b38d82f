"""Table 2: face detectors compared on a video in which one person is in every picture.

The paper counts, in 1,800 pictures of one person, the faces that a detector finds (TP), what else
it takes for faces (FP) and the pictures in which it misses the face (FN); how it knew where the
face is, it does not say. Where a file of true boxes is given (`streamfer.faces.truth`), it is the
measure. Where none is, this is:

- the person is in every picture, once, so that TP + FN is the number of pictures;
- where, is taken from all detectors together: of what any of them finds, the person's track is
  the chain of places, one a picture at most, on which most of them agree, over time, and which
  seldom jumps (`person_track`);
- a face that shares half of what it covers together with the track's place is right, once; all
  others are false; a picture without a right one is a miss, also where no detector finds any.

So a face that all miss is a miss of each, but detectors that err alike are not found out.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from streamfer.errors import InputError, UsageError
from streamfer.faces.detections import Floats, iou
from streamfer.faces.detector import Detector, load_detector
from streamfer.faces.evaluation import MATCH_IOU, Score, evaluate
from streamfer.faces.resized import detect_resized
from streamfer.faces.truth import read_truth
from streamfer.media.container import open_video
from streamfer.media.limits import Limits
from streamfer.media.picture import Picture, Pictures
from streamfer.weights.catalogue import MODELS, locate, problems
from trainers.analysis.printed import Detected

SAME_PLACE = 0.3  # IoU of a face in two pictures between which it has not jumped
JUMP = 15  # pictures on which all detectors must agree to outweigh a jump


@dataclass(frozen=True)
class Detecting:
    """How detectors are run (section 4.1): least score; the longest side of a picture, pixels."""

    min_score: float = 0.7
    longest_side: int = 300


def here() -> dict[str, str]:
    """The detectors of streamfer's catalogue whose files are on this machine, by name."""
    models = [model for model in MODELS if model.task == "detector" and not model.not_run]
    places = {model.name: (model, locate(model)) for model in models}
    return {
        name: name
        for name, (model, place) in places.items()
        if place is not None and not problems(model, place)
    }


def compare(
    video: Path,
    detectors: Mapping[str, str],
    settings: Detecting = Detecting(),
    truth: Path | None = None,
) -> dict[str, Detected]:
    """Table 2's rows for `detectors`: a name of a row, and a name or a path for `load_detector`.

    truth: a CSV file of the true boxes, if there is one. FPS is of one core, without decoding.

    Raises:
        UsageError: a detector cannot be loaded, or the video or the truth cannot be used.
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # read by torch when the first detector needs it
    cv2.setNumThreads(1)
    loaded = [load_detector(name, min_score=settings.min_score) for name in detectors.values()]
    try:
        if truth is None:
            scores = _against_each_other(video, loaded, settings.longest_side)
        else:
            scores = evaluate(str(video), read_truth(truth), loaded, settings.longest_side)
    except InputError as error:
        raise UsageError(f"{video}: {error}") from None
    return {name: _row(score) for name, score in zip(detectors, scores, strict=True)}


def person_track(found: Sequence[Sequence[Floats]]) -> list[Floats]:
    """Where the one person of a video is: boxes (1, 4) for each picture, (0, 4) where unknown.

    found: for each picture, for each detector, the boxes (n, 4) of its faces. Boxes that overlap
    by `MATCH_IOU` are one place, which weighs as many detectors as found it. Of all chains of
    places the heaviest is the track; each jump takes from a chain what `JUMP` pictures give.
    """
    places = [place for number, faces in enumerate(found) for place in _places(number, faces)]
    track = [np.empty((0, 4), np.float32) for _ in found]
    if not places:
        return track
    boxes = np.stack([place.box for place in places])
    pictures = np.array([place.picture for place in places])
    jump = JUMP * max(len(faces) for faces in found)
    total = np.zeros(len(places))
    before = np.full(len(places), -1)
    for k, place in enumerate(places):
        total[k] = place.weight
        earlier = np.flatnonzero(pictures < place.picture)
        if len(earlier):
            stayed = iou(boxes[k : k + 1], boxes[earlier])[0] >= SAME_PLACE
            chains = total[earlier] - np.where(stayed, 0, jump)
            best = int(chains.argmax())
            if chains[best] > 0:
                total[k] += chains[best]
                before[k] = earlier[best]
    k = int(total.argmax())
    while k >= 0:
        track[places[k].picture] = boxes[k : k + 1]
        k = int(before[k])
    return track


@dataclass(frozen=True)
class _Place:
    """A place in a picture where so many detectors (weight) find a face; box (4,) is their mean."""

    picture: int
    box: Floats
    weight: int


def _places(picture: int, found: Sequence[Floats]) -> Iterator[_Place]:
    detectors = np.concatenate([np.full(len(boxes), k) for k, boxes in enumerate(found)])
    waiting = np.concatenate(found)
    while len(waiting):
        same = iou(waiting, waiting) >= MATCH_IOU
        most = same[same.sum(axis=1).argmax()]
        weight = len(set(detectors[most].tolist()))
        yield _Place(picture, waiting[most].mean(axis=0), weight)
        waiting, detectors = waiting[~most], detectors[~most]


def _against_each_other(
    video: Path, detectors: Sequence[Detector], longest_side: int
) -> list[Score]:
    found: list[list[Floats]] = []
    seconds: list[list[float]] = []
    for number, picture in enumerate(_pictures(video)):
        side = min(longest_side, max(picture.shape[:2]))
        found.append([])
        seconds.append([])
        for detector in detectors:
            if number == 0:  # the first time is slower
                detect_resized(detector.detect, [picture], [side])
            start = time.process_time()
            (faces,) = detect_resized(detector.detect, [picture], [side])
            seconds[-1].append(time.process_time() - start)
            found[-1].append(faces.boxes)
    scores = [Score() for _ in detectors]
    for place, faces_of, seconds_of in zip(person_track(found), found, seconds, strict=True):
        for score, boxes, taken in zip(scores, faces_of, seconds_of, strict=True):
            score.add(place, boxes, taken)
            score.fn += 1 - len(place)  # the person is there, where nobody knows
    return scores


def _pictures(video: Path) -> Iterator[Picture]:
    """All pictures of a video in their order, uint8 (H, W, 3) RGB.

    Raises:
        InputError: It cannot be read.
    """
    with open_video(str(video), Limits()) as file:
        shown = Pictures(file.stream.sample_aspect_ratio)
        try:
            for packet in itertools.chain(file.packets(), [None]):
                for frame in file.stream.codec_context.decode(packet):
                    yield shown.show(frame)
        except av.error.FFmpegError as error:
            raise InputError(f"The video is damaged: {error.strerror}.") from None


def _row(score: Score) -> Detected:
    if not score.pictures:
        raise UsageError("There is no picture to compare face detectors on.")
    iou_percent = 100 * (score.iou or 0.0)
    return Detected(score.tp, score.fp, score.fn, iou_percent, score.fps)
