"""Folders of ever more short videos: what the driver takes for each of them must not grow.

    python -m benchmarks.many_videos

writes benchmarks/many_videos.json. The videos are two seconds of one face, 160×120, the same but
for a tag, so that each is analysed for itself. Each run is a process of its own, with its own
Ray; processor time and memory (PSS) are those of the driver alone, which finds the videos, looks
at each, hands out the work, commits, and puts the tables together. A run of ten videos tells what
starting and ending takes, which the figures a video leave out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pyarrow.parquet as pq
from skimage.data import astronaut

from benchmarks.record import circumstances
from streamfer.media.encode import VideoWriter

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "numpy", "ray", "pyarrow")
COMMAND = [sys.executable, "-c", "from streamfer.cli.main import main; main()"]
FEW = 10
COUNTS = (250, 500, 1000, 2000)
SAMPLE_S = 0.25


def short_video(target: Path) -> Path:
    """Two seconds of a face that moves a little."""
    photograph = astronaut()[:240:2, 100:520:2]
    with VideoWriter(target, 160, 120, Fraction(1, 25)) as writer:
        for number in range(50):
            left = number // 2
            writer.put(np.ascontiguousarray(photograph[:, left : left + 160]), number)
    return target


def copies(video: Path, folder: Path, count: int) -> None:
    """Put the video into the folder so many times, each with a tag of its own."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        content = [
            (bytes(packet), packet.pts, packet.dts, packet.duration, packet.is_keyframe)
            for packet in container.demux(stream)
            if packet.dts is not None
        ]
        for number in range(count):
            with av.open(str(folder / f"{number:05}.mp4"), "w") as output:
                output.metadata["comment"] = str(number)
                copy = output.add_stream_from_template(stream)
                for data, pts, dts, duration, keyframe in content:
                    packet = av.Packet(data)
                    packet.pts, packet.dts, packet.duration = pts, dts, duration
                    packet.time_base, packet.is_keyframe = stream.time_base, keyframe
                    packet.stream = copy
                    output.mux(packet)


def measure(videos: Path, workers: int) -> dict[str, Any]:
    """One run, and what its driver took: seconds of processor time, and bytes at most."""
    seconds, peak, began = 0.0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "timelines.parquet"
        arguments = ["run", str(videos), "--out", str(out), "--workers", str(workers)]
        log = Path(folder) / "log"
        with (
            log.open("wb") as said,
            subprocess.Popen([*COMMAND, *arguments], stderr=said) as process,
        ):
            driver = psutil.Process(process.pid)
            while process.poll() is None:
                try:
                    times = driver.cpu_times()
                    seconds = times.user + times.system
                    peak = max(peak, driver.memory_full_info().pss)
                except psutil.NoSuchProcess:
                    break
                time.sleep(SAMPLE_S)
        if process.returncode:
            raise SystemExit(f"streamfer run ended with {process.returncode}:\n{log.read_text()}")
        rows = pq.read_metadata(out).num_rows
    wall_s = time.monotonic() - began
    return {"seconds": seconds, "bytes": peak, "rows": rows, "wall_s": wall_s}


def compare(counts: Sequence[int], workers: int) -> dict[str, Any]:
    """The figures of each number of videos."""
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        video = short_video(Path(folder) / "short.mp4")
        for count in (FEW, *counts):
            videos = Path(folder) / str(count)
            videos.mkdir()
            copies(video, videos, count)
            found[count] = measure(videos, workers)
            print(count, found[count], file=sys.stderr)
    few = found.pop(FEW)
    return {
        "start_and_end_s": round(few["seconds"], 1),
        "start_and_end_mib": round(few["bytes"] / 2**20),
        "runs": [
            {
                "videos": count,
                "rows": run["rows"],
                "wall_s": round(run["wall_s"]),
                "driver_ms_a_video": round(
                    1000 * (run["seconds"] - few["seconds"]) / (count - FEW), 1
                ),
                "driver_kib_a_video": round((run["bytes"] - few["bytes"]) / 2**10 / (count - FEW)),
            }
            for count, run in found.items()
        ],
    }


def main() -> None:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    figures = compare(arguments.counts, arguments.workers)
    result = circumstances(*PACKAGES) | {"workers": arguments.workers} | figures
    text = json.dumps(result, indent=1)
    RESULTS.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
