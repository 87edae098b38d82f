"""Ten minutes and ten hours of one face: what `streamfer run` takes must not grow with the length.

    python -m benchmarks.long_video --clip ../shared/data/videos/liveportrait__d6.mp4

writes benchmarks/long_video.json; docs/long-videos.md shows it. A clip is encoded forwards and
then backwards, small, so that it can be repeated without a jump: whoever is seen throughout is
one track, however long it goes on. Repeating copies packets, which takes seconds.

Each run is a process of its own, with its own Ray. Memory is that of the whole process tree (PSS),
sampled every five seconds; without what is mapped from files it does not depend on what else runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pyarrow.parquet as pq

from benchmarks.looping import loop
from benchmarks.processes import MemoryWatch
from benchmarks.record import circumstances
from streamfer.media.encode import VideoWriter

RESULTS = Path(__file__).with_suffix(".json")
MINUTES = (10, 600)
FRAMES_PER_SECOND = 10
HEIGHT = 240
PACKAGES = ("av", "onnxruntime", "numpy", "ray", "pyarrow")


def there_and_back(clip: Path, target: Path, seconds: float) -> Path:
    """Encode the first `seconds` of a clip forwards and then backwards, small."""
    step = 1 / Fraction(FRAMES_PER_SECOND)
    pictures = []
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            time_s = (frame.pts - (stream.start_time or 0)) * stream.time_base
            if time_s > seconds:
                break
            if time_s >= len(pictures) * step:
                width = 2 * round(HEIGHT * frame.width / frame.height / 2)
                pictures.append(frame.to_ndarray(format="rgb24", width=width, height=HEIGHT))
    # Neither end is shown twice in a row.
    order = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]
    height, width = pictures[0].shape[:2]
    options = {"g": "50", "bf": "0"}
    with VideoWriter(target, width, height, step, options) as writer:
        for number, index in enumerate(order):
            writer.put(pictures[index], number)
    return target


def measure(video: Path, workers: int, folder: Path) -> dict[str, Any]:
    """One `streamfer run` of a video, and what it took."""
    out = folder / "timelines.parquet"
    arguments = ["run", str(video), "--out", str(out), "--workers", str(workers)]
    began = time.monotonic()
    code = "from streamfer.cli.main import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    watch = MemoryWatch(process.pid)
    watch.start()
    if process.wait():
        raise SystemExit(f"streamfer run ended with {process.returncode}.")
    wall_s = time.monotonic() - began
    watch.stop()
    ledger = pq.read_table(out.with_name("timelines.videos.parquet")).to_pylist()[0]
    rows = pq.read_table(out, columns=["track_id"])
    processor_s = sum(watch.processor_s.values())
    return {
        "minutes": round(ledger["duration_s"] / 60, 1),
        "status": ledger["status"],
        "tracks": ledger["tracks"],
        "sampled": ledger["sampled_frames"],
        "rows": rows.num_rows,
        "peak_memory_mib": round(watch.peak / 2**20),
        "written_peak_memory_mib": round(watch.written_peak / 2**20),
        "driver_peak_memory_mib": round(watch.root_peak / 2**20),
        "wall_s": round(wall_s),
        "processor_s": round(processor_s),
        "driver_processor_s": round(watch.processor_s.get(process.pid, 0.0), 1),
        "processor_ms_a_second": round(1000 * processor_s / ledger["duration_s"], 2),
        "video_bytes": video.stat().st_size,
    }


def compare(
    clip: Path, seconds: float, minutes: Sequence[float], workers: int
) -> list[dict[str, Any]]:
    """The figures of each length, from `seconds` of the clip over and over."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        once = there_and_back(clip, Path(folder) / "once.mp4", seconds)
        for count in minutes:
            video = loop(once, Path(folder) / f"{count}.mp4", 60 * count)
            out = Path(folder) / str(count)
            out.mkdir()
            results.append(measure(video, workers, out))
            print(json.dumps(results[-1]), file=sys.stderr)
    return results


def main() -> None:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, help="a face is in it throughout")
    parser.add_argument("--seconds", type=float, default=30, help="how much of it is used")
    parser.add_argument("--minutes", type=float, nargs="+", default=MINUTES)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    runs = compare(arguments.clip, arguments.seconds, arguments.minutes, arguments.workers)
    result = circumstances(*PACKAGES) | {"workers": arguments.workers, "runs": runs}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
