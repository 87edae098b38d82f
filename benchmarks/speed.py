"""Speed and memory of `streamfer run` on one long video, made by looping a clip.

    python -m benchmarks.speed CLIP --minutes 10 --workers 1

appends its result to benchmarks/speed.json; `--device cuda` measures a GPU's pools.

Speed is media seconds per second of wall clock and worker, from the moment the first worker has
got going to the last segment's end, so that the start of Ray and the loading of models are left
out. Memory is the largest sum, over the driver, Ray and all workers, of the memory that belongs
to each (PSS), sampled twice a second.
"""

import argparse
import json
import platform
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.looping import loop
from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Outcome, Working, run

RESULTS = Path(__file__).with_suffix(".json")


class MemoryWatch(threading.Thread):
    """Samples the memory of this process and all below it; `peak` is in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0

    def run(self) -> None:
        """Sample until the program ends."""
        me = psutil.Process()
        while True:
            total = 0
            for process in [me, *me.children(recursive=True)]:
                with suppress(psutil.Error):
                    total += process.memory_full_info().pss
            self.peak = max(self.peak, total)
            time.sleep(0.5)


class Clock:
    """Takes the time at which work was first seen under way, and at which it ended."""

    def __init__(self, job: Job, execution: Execution) -> None:
        self._execute = on_cluster(job, execution)
        self._fps = job.analysis.fps
        self.began = self.ended = 0.0
        self.before_s = self.media_s = 0.0

    def __call__(self, segments: Sequence[Segment]) -> Iterator[Outcome]:
        """Execute segments; `media_s` of them were done between `began` and `ended`."""
        done = 0.0
        for outcome in self._execute(segments):
            if isinstance(outcome, Done):
                done += outcome.segment.media_seconds(self._fps)
                self.ended, self.media_s = time.monotonic(), done - self.before_s
            elif isinstance(outcome, Working) and not self.began and outcome.seconds > 0:
                self.began, self.before_s = time.monotonic(), done + outcome.seconds
            yield outcome


def main() -> None:
    """Run the benchmark and keep its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    arguments = parser.parse_args()
    watch = MemoryWatch()
    with tempfile.TemporaryDirectory() as folder:
        video = loop(arguments.clip, Path(folder) / "long.mp4", 60 * arguments.minutes)
        watch.start()
        execution = Execution(workers=arguments.workers, device=arguments.device)
        job = prepare([str(video)], Analysis(), arguments.device, execution.max_pixels)
        clock = Clock(job, execution)
        summary = run(job, Path(folder) / "timelines.parquet", clock)
    speed = clock.media_s / (clock.ended - clock.began)
    result = {
        "clip": arguments.clip.name,
        "minutes": arguments.minutes,
        "workers": arguments.workers,
        "device": arguments.device,
        "times_real_time_per_worker": round(speed / arguments.workers, 2),
        "peak_memory_mib": round(watch.peak / 2**20),
        "tracks": summary.tracks,
        "rows": summary.rows,
        "processor": _processor(),
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    RESULTS.write_text(json.dumps([*results, result], indent=1) + "\n")
    print(json.dumps(result))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
