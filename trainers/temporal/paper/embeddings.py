"""What the backbone says of every sampled face of a corpus, by the graph that `streamfer run` is.

It is computed once: the same call goes on where it was interrupted, and does nothing where nothing
has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from streamfer.config import Analysis, Execution
from streamfer.emotion.temporal.cnn_w import CnnW
from streamfer.pipeline.job import prepare
from streamfer.pipeline.run import run
from streamfer.store.output import safe_name
from streamfer.weights.runtime import choose_device
from trainers.corpora.samples import Clip


def embed(
    name: str,
    clips: Sequence[Clip],
    out: Path,
    analysis: Analysis,
    execution: Execution,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Analyse the videos of `clips` into the folder `out`; gives the run's timelines.

    Frames and embeddings lie beside them. Of `analysis` the sampling, the detector and the
    backbone matter; windows are read by CNN-W, which costs nothing. `say` is told what a person
    should know.

    Raises:
        UsageError: A model cannot be had, no video can be used, or another run holds the output.
    """
    analysis = replace(
        analysis,
        frames=True,
        embeddings=True,
        temporal=CnnW.name,
        smoothing="window",
        smoothing_edge="window",
        overlap="own",
    )
    videos = sorted({str(clip.video) for clip in clips})
    timelines = out / f"{safe_name(name)}.parquet"
    job = prepare(videos, analysis, choose_device(execution.device), execution.limits)
    # Importing Ray takes a second.
    from streamfer.cluster.engine import on_cluster  # noqa: PLC0415

    summary = run(job, timelines, on_cluster(job, execution), say=say)
    if not summary.unchanged:
        say(
            f"{name}: {summary.done} videos analysed, {summary.partial} in part, "
            f"{summary.failed} failed."
        )
    return timelines
