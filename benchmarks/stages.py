"""Where the time goes in one segment after the other: processor seconds, stage by stage.

The stages are the product's own functions; here each is wrapped in a clock for as long as the
measurement lasts. At any moment one stage is running, the innermost, so all of them and the rest
(windows, rows, the loop itself) add up to the whole.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from streamfer.cluster.worker import SegmentWorker
from streamfer.config import Analysis
from streamfer.errors import InputError
from streamfer.faces.cuts import CutDetector
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.pipeline import seen
from streamfer.pipeline.job import ALGORITHM
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.plan import plan_video
from streamfer.weights.runtime import Device

P = ParamSpec("P")
T = TypeVar("T")

STAGES: dict[str, tuple[Any, str]] = {
    "decode": (SampleReader, "__iter__"),
    "find cuts": (CutDetector, "is_cut"),
    "find faces: where to look, resizing": (FaceFinder, "find"),
    "find faces: the network": (LocalModels, "detect"),
    "track": (Tracker, "update"),
    "align": (seen, "align"),
    "embed and classify": (LocalModels, "embed"),
    "read windows": (LocalModels, "recognise"),
}
REST = "rows and the rest"


class StageClock:
    """Adds up the processor time of this process by stage, in `seconds`."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stage = REST
        self._since = time.process_time()

    def enter(self, stage: str) -> str:
        """Begin a stage; the time until now is the stage's before, which is returned."""
        now = time.process_time()
        self.seconds[self._stage] += now - self._since
        before, self._stage, self._since = self._stage, stage, now
        return before

    def called(self, stage: str, function: Callable[P, T]) -> Callable[P, T]:
        """`function`, the time of its calls counted as `stage`'s."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            before = self.enter(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.enter(before)

        return timed

    def iterated(self, stage: str, function: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
        """`function`, the time it takes to give each item counted as `stage`'s."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            step = self.called(stage, function(*args, **kwargs).__next__)
            with suppress(StopIteration):
                while True:
                    yield step()

        return timed


def stage_seconds(video: str, device: Device) -> dict[str, float]:
    """Processor seconds of each stage, and of the rest, in what a worker does for a whole video.

    Loading the models and planning are left out.
    """
    analysis = Analysis()
    models = LocalModels.load(analysis, device)
    worker = SegmentWorker(analysis, models, device, ALGORITHM)
    pieces = plan_video("video", video, analysis, models.context_s, Limits()).segments
    with ExitStack() as wrapped:
        clock = StageClock()
        for stage, (owner, name) in STAGES.items():
            time_it = clock.iterated if name == "__iter__" else clock.called
            timed = time_it(stage, getattr(owner, name))
            wrapped.enter_context(patch.object(owner, name, timed))
        for piece in pieces:
            done = worker.work(piece)
            if isinstance(done, InputError):
                raise done
        clock.enter(REST)
    return {stage: clock.seconds[stage] for stage in (*STAGES, REST)}
