"""One video in this process: what a notebook calls, and what tests compare a cluster with."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path

import pyarrow as pa

from streamfer.config import Analysis, Device
from streamfer.media.limits import Limits
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import plan_video
from streamfer.pipeline.segment import analyse_segment
from streamfer.places import public
from streamfer.weights.runtime import choose_device


def analyse(
    path: str | PathLike[str], settings: Analysis | None = None, *, device: Device = "auto"
) -> pa.Table:
    """The emotion timeline of one video, as `streamfer run` would write it for this alone.

    `path` may be a URI. Returns an Arrow table with the columns of `schemas/timelines.v1.json`: a
    row for each track and window, times in seconds, places as fractions of the picture as
    displayed.

    Raises:
        InputError: The file is no video that can be decoded.
        UsageError: The settings or a model cannot be used.
    """
    settings = settings or Analysis()
    models = LocalModels.load(settings, choose_device(device))
    name = Path(public(fspath(path))).name
    video = plan_video(name, fspath(path), settings, models.context_s, Limits())
    speech = speech_detector(settings)
    results = [
        analyse_segment(segment, settings, models, speech=speech) for segment in video.segments
    ]
    rows = assemble(video, results.__getitem__, settings, attempts=1)
    return pa.concat_tables(rows["timelines"])
