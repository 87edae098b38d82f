"""The actor that owns a segment from its video to its rows."""

from __future__ import annotations

import cv2
import ray

from streamfer.config import Analysis
from streamfer.errors import InputError
from streamfer.pipeline.models import LocalModels, Models, speech_detector
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.segment import analyse_segment
from streamfer.weights.runtime import Device


class SegmentWorker:
    """Does one segment at a time, on one core; tells meanwhile how far it has come.

    `models` are handles to pools; None loads the networks into this process, on `device`.
    """

    def __init__(self, analysis: Analysis, models: Models | None, device: Device) -> None:
        cv2.setNumThreads(1)
        self._analysis = analysis
        self._models = models or LocalModels.load(analysis, device)
        self._speech = speech_detector(analysis)
        self._reached = 0.0

    def work(self, segment: Segment) -> bytes | InputError:
        """The segment's result as bytes, or what is wrong with its file."""
        self._reached = 0.0
        start_s = segment.first_tick / self._analysis.fps

        def note(time_s: float) -> None:
            self._reached = max(0.0, time_s - start_s)

        try:
            result = analyse_segment(segment, self._analysis, self._models, note, self._speech)
            return result.to_bytes()
        except InputError as error:
            return error

    @ray.method(concurrency_group="status")
    def reached(self) -> float:
        """Seconds of media done of the segment at hand; the first answer says it is ready."""
        return self._reached
