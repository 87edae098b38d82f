"""How fast `streamfer render` is on one core: media seconds for each second of processor time.

    streamfer run CLIP... --frames --out timelines.parquet
    python -m benchmarks.render timelines.parquet CLIP...

writes benchmarks/render.json; `python -m benchmarks.tables` puts it into docs/render.md. The
process is bound to one core, and the fastest of some rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import pyarrow.compute as pc

from benchmarks.record import circumstances
from streamfer.media.identity import content_id
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.report.render import render
from streamfer.store.read import read

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "numpy", "opencv-python")
ROUNDS = 2


def processor_seconds(clip: Path, run: Path, *, blur: bool) -> float:
    """Of the fastest round."""
    times = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            render(str(clip), run, Path(folder) / "out.mp4", marks=not blur, blur=blur)
            times.append(time.process_time() - begun)
    return min(times)


def measure(clip: Path, run: Path) -> dict[str, object]:
    """The figures of one clip."""
    info = probe(str(clip), Limits())
    frames = read(run, "frames")
    faces = frames.filter(pc.equal(frames["video_id"], content_id(str(clip))))
    ticks = len(faces["tick"].unique())
    return {
        "clip": clip.name,
        "width": info.width,
        "height": info.height,
        "fps": round(info.frame_rate, 2),
        "seconds": round(info.duration_s, 1),
        "faces_at_once": round(faces.num_rows / ticks, 1),
        "marked_times_real_time": round(
            info.duration_s / processor_seconds(clip, run, blur=False), 2
        ),
        "hidden_times_real_time": round(
            info.duration_s / processor_seconds(clip, run, blur=True), 2
        ),
    }


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("timelines", type=Path, metavar="TIMELINES")
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    record = circumstances(*PACKAGES) | {
        "clips": [measure(clip, given.timelines) for clip in given.clips]
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
