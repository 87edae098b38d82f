"""Compares detectors on a marked video: the columns of the paper's Table 2."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.video.frame import VideoFrame

from streamfer.errors import InputError, UsageError
from streamfer.faces.detections import Floats, Picture, iou
from streamfer.faces.detector import Detector
from streamfer.faces.resized import detect_resized
from streamfer.faces.truth import MarkedPicture
from streamfer.media.container import VideoFile, open_video
from streamfer.media.limits import Limits
from streamfer.media.picture import Pictures

MATCH_IOU = 0.5  # of a true box and the one found for it, at least


@dataclass
class Score:
    """What a detector found in all pictures.

    True and false positives, false negatives, the pictures and the processor's seconds for them,
    from the decoded picture to the faces.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    pictures: int = 0
    seconds: float = 0.0

    @property
    def iou(self) -> float | None:
        """Equation 2, TP / (TP + FP + FN); None where there was nothing and nothing was found."""
        everything = self.tp + self.fp + self.fn
        return self.tp / everything if everything else None

    @property
    def fps(self) -> float:
        """Pictures a second of one core."""
        return self.pictures / self.seconds

    def add(self, truth: Floats, found: Floats, seconds: float) -> None:
        """Count one picture: boxes (n, 4) that are there, and (m, 4) that were found."""
        matched = count_matches(truth, found)
        self.tp += matched
        self.fp += len(found) - matched
        self.fn += len(truth) - matched
        self.pictures += 1
        self.seconds += seconds


def evaluate(
    video: str, truth: Sequence[MarkedPicture], detectors: Sequence[Detector], longest_side: int
) -> list[Score]:
    """Show every marked picture of a video, made smaller to `longest_side`, to all detectors.

    Raises:
        InputError: The video cannot be read.
        UsageError: A mark lies outside the video or the picture.
    """
    scores = [Score() for _ in detectors]
    shown = pictures_at(video, [marked.time_s for marked in truth])
    for marked, picture in zip(truth, shown, strict=True):
        height, width = picture.shape[:2]
        if (marked.boxes[:, :2] >= [width, height]).any() or (marked.boxes[:, 2:] <= 0).any():
            raise UsageError(
                f"A face at {marked.time_s:g} s is marked outside the picture, which is "
                f"{width} x {height} pixels as displayed."
            )
        side = min(longest_side, max(height, width))
        for detector, score in zip(detectors, scores, strict=True):
            if not score.pictures:  # the first time is slower
                detect_resized(detector.detect, [picture], [side])
            start = time.process_time()
            (faces,) = detect_resized(detector.detect, [picture], [side])
            score.add(marked.boxes, faces.boxes, time.process_time() - start)
    return scores


def count_matches(truth: Floats, found: Floats) -> int:
    """How many boxes of `truth` (n, 4) have one of `found` (m, 4) to themselves.

    The pair with the largest IoU is matched first; none below `MATCH_IOU` is.
    """
    overlaps = iou(truth, found)
    matched = 0
    while overlaps.size and overlaps.max() >= MATCH_IOU:
        row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
        overlaps[row], overlaps[:, column] = 0, 0
        matched += 1
    return matched


def pictures_at(video: str, times: Sequence[float]) -> Iterator[Picture]:
    """The picture of a video nearest to each of rising times in seconds, uint8 (H, W, 3) RGB.

    Raises:
        InputError: The video cannot be read.
        UsageError: It ends before the last of the times.
    """
    waiting = list(reversed(times))
    with open_video(video, Limits()) as file:
        pictures = Pictures(file.stream.sample_aspect_ratio)
        for frame, until_s in _frames(file):
            while waiting and waiting[-1] <= until_s:
                waiting.pop()
                yield pictures.show(frame)
            if not waiting:
                return
    raise UsageError(f"A picture is marked at {waiting[-1]:g} s, but the video ends before.")


def _frames(file: VideoFile) -> Iterator[tuple[VideoFrame, float]]:
    """All frames, each with the time until which no later one is nearer."""
    last: tuple[VideoFrame, float] | None = None
    step = 0.0
    try:
        for packet in itertools.chain(file.packets(), [None]):
            for frame in file.stream.codec_context.decode(packet):
                pts = frame.dts if frame.pts is None else frame.pts
                if pts is None:
                    raise InputError("The video has a picture without a time.")
                start = float(file.seconds(pts))
                if last is not None:
                    step = start - last[1]
                    yield last[0], start - step / 2
                last = frame, start
    except av.error.FFmpegError as error:
        raise InputError(f"The video is damaged: {error.strerror}.") from None
    if last is not None:
        yield last[0], last[1] + step
