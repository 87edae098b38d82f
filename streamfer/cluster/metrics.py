"""What a run tells of itself to whoever watches the cluster: Ray's metrics, on the driver's node.

Prometheus fetches them from there, as Ray's own; Ray puts `ray_` before a name, and `_total` after
a counter's. They hold numbers only: no name of a file ever leaves the run by this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ray.util.metrics import Counter, Gauge

from streamfer.pipeline.run import Done, Lost, Outcome, Working


def observed(outcomes: Iterable[Outcome], fps: int) -> Iterator[Outcome]:
    """Pass the outcomes on, counting them; `fps` as in `Analysis`. Ray must be running."""
    done = Counter("streamfer_segments_done", "Segments finished in this run.")
    media = Counter("streamfer_media_seconds_done", "Media in the finished segments, seconds.")
    failed = Counter(
        "streamfer_segments_failed",
        "Segments given up, by reason: file (its bytes), io (reading it), worker (it ended or "
        "stalled every worker it was given to), defect (of streamfer).",
        tag_keys=("reason",),
    )
    queued = Gauge("streamfer_segments_queued", "Segments that wait for a worker.")
    held = Gauge("streamfer_worker_held_bytes", "Memory that all workers hold together, bytes.")
    for outcome in outcomes:
        match outcome:
            case Done(segment=segment):
                done.inc()
                if seconds := segment.media_seconds(fps):  # Ray refuses to add nothing
                    media.inc(seconds)
            case Lost(failure=failure, fault=fault):
                failed.inc(tags={"reason": "io" if failure.retry else fault})
            case Working():
                queued.set(outcome.queued)
                held.set(outcome.held_bytes)
        yield outcome
