"""Speed of `streamfer run`, where its time goes, and the package `fer` on the same videos.

    python -m benchmarks.speed --clips ../shared/data/videos --fer-python build/fer/bin/python

writes benchmarks/speed.json; `python -m benchmarks.tables` puts it into the documents, and
docs/speed.md says how to read it and how to make the environment in which `fer` runs.

Each clip is looped to a long video. What is measured is bound to as many cores as there are
workers, and each measurement is repeated, in turns with the others; the fastest counts.

- `run`: media seconds per second of wall clock, from the moment the first worker has got going to
  the last segment's end, so without the start of Ray and the loading of models; processor time of
  the whole process tree in that time; memory at its peak.
- `stages`: processor time of the same work in this process, by stage.
- `fer`: `benchmarks/fer_package.py`, on a stretch of the same video.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.looping import loop
from benchmarks.processes import MemoryWatch, processor_seconds
from benchmarks.record import circumstances
from benchmarks.stages import stage_seconds
from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Outcome, Working, run
from streamfer.weights.runtime import Device, choose_device

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "onnxruntime", "numpy", "opencv-python", "ray")


@dataclass(frozen=True)
class Case:
    """A clip, looped for `minutes`; `fer` gets `fer_s` seconds of it, in whole rounds."""

    title: str
    clip: str
    minutes: float
    fer_s: float


CASES = (
    Case("640×360, one face", "pyfeat__WolfgangLanger_Pexels.mp4", 10, 59),
    Case("1920×1080, a crowd", "facenet__video.mp4", 3, 12.6),
)


class Clock:
    """Executes a job's segments; knows how much was done from when the work had got going."""

    def __init__(self, job: Job, execution: Execution) -> None:
        self._execute = on_cluster(job, execution)
        self._fps = job.analysis.fps
        self._began = (0.0, 0.0, 0.0)
        self._ended = (0.0, 0.0, 0.0)

    def __call__(self, segments: Sequence[Segment]) -> Iterator[Outcome]:
        """Execute segments."""
        done = 0.0
        for outcome in self._execute(segments):
            if isinstance(outcome, Done):
                done += outcome.segment.media_seconds(self._fps)
                self._ended = (done, time.monotonic(), processor_seconds())
            elif isinstance(outcome, Working) and not any(self._began) and outcome.seconds > 0:
                self._began = (done + outcome.seconds, time.monotonic(), processor_seconds())
            yield outcome

    @property
    def spent(self) -> tuple[float, float, float]:
        """Seconds of media, of wall clock, and of processor time."""
        media, wall, processor = (b - a for a, b in zip(self._began, self._ended, strict=True))
        return media, wall, processor


def measure_run(video: Path, workers: int, device: Device) -> dict[str, Any]:
    """One run of streamfer, with everything it starts bound to as many cores as workers."""
    execution = Execution(workers=workers, device=device)
    watch = MemoryWatch()
    with tempfile.TemporaryDirectory() as folder, bound_to(workers):
        watch.start()
        job = prepare([str(video)], Analysis(), choose_device(device), execution.limits)
        clock = Clock(job, execution)
        summary = run(job, Path(folder) / "timelines.parquet", clock)
        watch.stop()
    media, wall, processor = clock.spent
    return {
        "workers": workers,
        "times_real_time": round(media / wall, 2),
        "processor_ms_a_second": round(1000 * processor / media, 1),
        "peak_memory_mib": round(watch.peak / 2**20),
        "tracks": summary.tracks,
        "rows": summary.rows,
        "models": json.loads(job.metadata["streamfer.models"]),
    }


def measure_stages(video: Path, device: Device) -> dict[str, float]:
    """Processor milliseconds a second of video, by stage, in a process of its own."""
    media = probe(str(video), Limits()).duration_s
    with bound_to(1), ProcessPoolExecutor(1, get_context("spawn")) as process:
        seconds = process.submit(stage_seconds, str(video), device).result()
    return {stage: round(1000 * spent / media, 2) for stage, spent in seconds.items()}


def measure_fer(video: Path, seconds: float, python: Path) -> dict[str, Any]:
    """What the package `fer` says of itself; see `benchmarks/fer_package.py`."""
    script = Path(__file__).with_name("fer_package.py")
    with bound_to(1):
        output = subprocess.run(
            [python, script, video, str(seconds)], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


@contextmanager
def bound_to(count: int) -> Iterator[None]:
    """Run this process, and what it starts meanwhile, on `count` of the cores it may use."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def measure(
    case: Case, clips: Path, workers: Sequence[int], device: Device, repeats: int, fer: Path | None
) -> dict[str, Any]:
    """All figures of one case, each the best of its repeats."""
    runs: dict[int, list[dict[str, Any]]] = {count: [] for count in workers}
    stages, others = [], []
    with tempfile.TemporaryDirectory() as folder:
        video = loop(clips / case.clip, Path(folder) / "long.mp4", 60 * case.minutes)
        for _ in range(repeats):
            for count in workers:
                runs[count].append(measure_run(video, count, device))
            stages.append(measure_stages(video, device))
            if fer:
                others.append(measure_fer(video, case.fer_s, fer))
    best_runs = [max(tries, key=itemgetter("times_real_time")) for tries in runs.values()]
    return asdict(case) | {
        "runs": best_runs,
        "stages_ms_a_second": min(stages, key=lambda stage: sum(stage.values())),
        "fer": max(others, key=itemgetter("times_real_time"), default=None),
    }


def main() -> None:
    """Measure all cases, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="the folder of the clips")
    parser.add_argument("--workers", type=int, nargs="+", default=[1])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fer-python", type=Path, help="the Python in which `fer` is installed")
    arguments = parser.parse_args()
    if max(arguments.workers) > len(os.sched_getaffinity(0)):
        parser.error("there are fewer cores than --workers")
    result = circumstances(*PACKAGES) | {
        "device": arguments.device,
        "repeats": arguments.repeats,
        "videos": [
            measure(
                case,
                arguments.clips,
                arguments.workers,
                arguments.device,
                arguments.repeats,
                arguments.fer_python,
            )
            for case in CASES
        ],
    }
    text = json.dumps(result, indent=1)
    RESULTS.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
