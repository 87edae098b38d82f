"""What Ray, scheduling and commits cost beside the work itself, in processor time.

    python -m benchmarks.overhead --clip ../shared/data/videos/pyfeat__WolfgangLanger_Pexels.mp4

writes benchmarks/overhead.json. The clip is looped to an hour and analysed in three ways, in
turns, as often as `--repeats` says; the least of each counts:

- `bare`: the segments one after the other in one process, and their rows put together. The
  loading of libraries and models is left out.
- `run` with one worker and with two: `streamfer run`, with all the processes it starts. Its start
  and end, which are what a run of two seconds of the clip takes, are given beside it and left out.

What a process uses between the last sample, four a second, and its end is not seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from benchmarks.looping import loop
from benchmarks.processes import processor_seconds_by_process
from benchmarks.record import circumstances
from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.job import prepare
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.segment import analyse_segment

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "onnxruntime", "numpy", "opencv-python", "ray")
WORKERS = (1, 2)
COMMAND = [sys.executable, "-c", "from streamfer.cli.main import main; main()"]
SHORT_S = 2.0
SAMPLE_S = 0.25


def bare_seconds(video: str) -> float:
    """Processor seconds of the work itself, in this process."""
    cv2.setNumThreads(1)
    job = prepare([video], Analysis(), "cpu", Limits())
    models = LocalModels.load(job.analysis, "cpu")
    began = time.process_time()
    for planned in job.videos:
        results = [analyse_segment(part, job.analysis, models) for part in planned.segments]
        for pieces in assemble(planned, results.__getitem__, job.analysis, attempts=1).values():
            list(pieces)
    return time.process_time() - began


def run_seconds(video: Path, workers: int) -> float:
    """Processor seconds of `streamfer run` and all that it starts, from beginning to end."""
    used: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        out, log = Path(folder) / "timelines.parquet", Path(folder) / "log"
        arguments = ["run", str(video), "--out", str(out), "--workers", str(workers)]
        with (
            log.open("wb") as said,
            subprocess.Popen([*COMMAND, *arguments], stderr=said) as process,
        ):
            while process.poll() is None:
                used |= processor_seconds_by_process(process.pid)
                time.sleep(SAMPLE_S)
        if process.returncode:
            raise SystemExit(f"streamfer run ended with {process.returncode}:\n{log.read_text()}")
    return sum(used.values())


def measure(clip: Path, minutes: float, repeats: int) -> dict[str, Any]:
    """All figures: seconds of processor time, every repeat of them."""
    bare: list[float] = []
    whole: dict[int, list[float]] = {count: [] for count in WORKERS}
    start: dict[int, list[float]] = {count: [] for count in WORKERS}
    with tempfile.TemporaryDirectory() as folder:
        long = loop(clip, Path(folder) / "long.mp4", 60 * minutes)
        short = loop(clip, Path(folder) / "short.mp4", SHORT_S)
        for _ in range(repeats):
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                bare.append(process.submit(bare_seconds, str(long)).result())
            for count in WORKERS:
                start[count].append(run_seconds(short, count))
                whole[count].append(run_seconds(long, count))
            print(bare, start, whole, file=sys.stderr)
    runs = []
    for count in WORKERS:
        spent = min(whole[count]) - min(start[count])
        runs.append(
            {
                "workers": count,
                "processor_s": _rounded(whole[count]),
                "start_and_end_s": _rounded(start[count]),
                "overhead_percent": round(100 * (spent - min(bare)) / spent, 1),
            }
        )
    return {"minutes": minutes, "bare_s": _rounded(bare), "runs": runs}


def _rounded(seconds: list[float]) -> list[float]:
    return [round(each, 1) for each in seconds]


def main() -> None:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    figures = measure(arguments.clip, arguments.minutes, arguments.repeats)
    result = circumstances(*PACKAGES) | {"clip": arguments.clip.name} | figures
    text = json.dumps(result, indent=1)
    RESULTS.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
