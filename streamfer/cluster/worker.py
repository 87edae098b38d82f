"""The actor that owns a segment from its video to its rows."""

from __future__ import annotations

import ctypes
import math
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import ray

from streamfer.cluster.last_words import Birth
from streamfer.cluster.pools import PoolDiedError, PooledModels
from streamfer.config import Analysis
from streamfer.errors import InputError, UsageError
from streamfer.pipeline.job import ALGORITHM
from streamfer.pipeline.models import LocalModels, Models, speech_detector
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.segment import analyse_segment
from streamfer.weights.runtime import Device


@dataclass(frozen=True)
class Reached:
    """How far a worker is, with the last of the segments it has `begun`, and what it holds.

    `seconds` are less than 0 while it decodes what lies before the segment.
    """

    begun: int
    seconds: float
    held_bytes: int


class SegmentWorker:
    """Does one segment at a time, on one core; tells meanwhile how far it has come.

    `models` are handles to pools; None loads the networks into this process, on `device`.
    `algorithm` is the driver's.

    Raises:
        UsageError: This node's streamfer makes other rows.
    """

    def __init__(
        self, analysis: Analysis, models: Models | None, device: Device, algorithm: int
    ) -> None:
        if algorithm != ALGORITHM:
            raise UsageError("A node has another version of streamfer: install the driver's there")
        cv2.setNumThreads(1)
        self._analysis = analysis
        if isinstance(models, PooledModels):
            models.wait()
        self._models = models or LocalModels.load(analysis, device)
        self._speech = speech_detector(analysis)
        self._begun = 0
        self._seconds = -math.inf

    def work(self, segment: Segment) -> bytes | InputError | PoolDiedError:
        """The segment's result as bytes, or what is wrong with its file or with the pools."""
        self._seconds = -math.inf
        self._begun += 1
        start_s = segment.first_tick / self._analysis.fps

        def note(time_s: float) -> None:
            self._seconds = time_s - start_s

        try:
            result = analyse_segment(segment, self._analysis, self._models, note, self._speech)
            return result.to_bytes()
        except (InputError, PoolDiedError) as error:
            return error
        finally:
            _give_back_freed_memory()

    @ray.method(concurrency_group="status")
    def born(self) -> Birth:
        """Where this process is; the answer says that it is ready."""
        return Birth.of_this_process()

    @ray.method(concurrency_group="status")
    def reached(self) -> Reached:
        """How far it has come with the segment at hand."""
        resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
        return Reached(self._begun, self._seconds, resident_pages * os.sysconf("SC_PAGE_SIZE"))


def _give_back_freed_memory() -> None:
    """Have glibc, where it is the C library, give the system what it keeps of freed memory.

    Pictures of a segment leave up to 64 MiB of it, which it does not use for those of the next.
    """
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
