"""A thousand broken videos through one run: nothing hangs, nothing falls, all is in the ledger.

    python -m benchmarks.fuzz build/mutants --count 1000 --seed 0 --run

fills a new folder with mutants of the videos in `--from` (by default of the product's own demo
in many containers and codecs, so it works anywhere), and with `--run` has `streamfer run` analyse
them, checks the outcome and writes benchmarks/fuzz.json. Without `--run` the mutants are for you.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq

from benchmarks.mutants import mutants
from benchmarks.processes import MemoryWatch
from benchmarks.record import circumstances
from streamfer.demo import make_demo

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "onnxruntime", "ray")
CEILING_MIB = 2560
"""Memory that two workers, the driver and Ray may have together."""

_SECONDS = 3
_SIZE = (320, 180)
# No random numbers, dates and versions in headers.
_EXACT = {"fflags": "+bitexact"}
_X264 = {"g": "25", "preset": "veryfast"}
_X265 = {"x265-params": "log-level=none:keyint=25", "preset": "fast"}
_VP8 = {"g": "25", "cpu-used": "16", "deadline": "realtime"}
# By file name: the pictures' codec and its options, the container's options, the sound's codec.
_DEMOS: dict[str, tuple[str, dict[str, str], dict[str, str], str | None]] = {
    "index-first.mp4": ("libx264", _X264, {"movflags": "faststart"}, "aac"),
    "index-last.mp4": ("libx264", _X264 | {"g": "250"}, {}, None),
    "fragments.mp4": ("libx264", _X264, {"movflags": "frag_keyframe+empty_moov"}, "aac"),
    "hevc.mov": ("libx265", _X265, {}, "pcm_s16le"),
    "h264.mkv": ("libx264", _X264, {}, "flac"),
    "av1.mkv": ("libsvtav1", {"preset": "11", "g": "25"}, {}, None),
    "vp8.webm": ("libvpx", _VP8, {}, "libopus"),
    "live.webm": ("libvpx-vp9", {"g": "25", "cpu-used": "8"}, {"live": "1"}, None),
    "h264.ts": ("libx264", _X264, {}, "aac"),
    "mpeg4.avi": ("mpeg4", {"g": "25"}, {}, "pcm_s16le"),
    "mjpeg.avi": ("mjpeg", {}, {}, None),
    "h264.flv": ("libx264", _X264, {}, "aac"),
    "mpeg2.mpg": ("mpeg2video", {"g": "15"}, {}, "mp2"),
}


def make_sources(demo: Path, folder: Path) -> list[Path]:
    """The first seconds of the demo, small and most with sound, in every kind of file."""
    folder.mkdir()
    with av.open(str(demo)) as container:
        frames = [
            frame.reformat(*_SIZE)
            for _, frame in zip(range(25 * _SECONDS), container.decode(video=0), strict=False)
        ]
    for name, (codec, options, more, sound) in _DEMOS.items():
        with av.open(str(folder / name), "w", options=more | _EXACT) as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height = _SIZE
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            if sound:
                _add_sound(container, sound)
            for number, frame in enumerate(frames):
                picture = frame.reformat(format=stream.pix_fmt)
                picture.pts, picture.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
    return sorted(folder.iterdir())


def _add_sound(container: av.container.OutputContainer, codec: str) -> None:
    """A whistle that rises and falls."""
    stream = container.add_stream(codec, rate=48_000, layout="mono")
    times = np.arange(48_000 * _SECONDS) / 48_000
    wave = 0.3 * np.sin(2 * np.pi * 400 * times + 60 * np.sin(6 * times))
    resampler = av.AudioResampler(stream.format.name, "mono", 48_000)
    size = stream.codec_context.frame_size or 1024
    for start in range(0, len(wave), size):
        samples = wave[None, start : start + size].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        for converted in resampler.resample(frame):
            container.mux(stream.encode(converted))
    container.mux(stream.encode(None))


def make_mutants(folder: Path, sources: Sequence[Path], count: int, seed: int) -> None:
    """Fill a new folder. Raises FileExistsError where there is one."""
    folder.mkdir(parents=True)
    for name, data in mutants(sources, count, seed):
        (folder / name).write_bytes(data)


def analyse(folder: Path, workers: int, timeout_s: float) -> dict[str, Any]:
    """One `streamfer run --audio` of a folder: what it came to and took. Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "timelines.parquet"
        arguments = ["run", str(folder), "--out", str(out), "--workers", str(workers), "--audio"]
        code = "from streamfer.cli.main import main; main()"
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-c", code, *arguments])
        watch = MemoryWatch(process.pid, every_s=1)
        watch.start()
        try:
            exit_code = process.wait(timeout_s)
        finally:
            process.kill()
        wall_s = time.monotonic() - began
        watch.stop()
        ledger = pq.read_table(out.with_name("timelines.videos.parquet")).to_pylist()
    reasons = Counter(
        (row["status"], _kind(row["reason"])) for row in ledger if row["status"] != "done"
    )
    return {
        "exit_code": exit_code,
        "files": len(ledger),
        "without_reason": sum(row["status"] != "done" and not row["reason"] for row in ledger),
        "status": dict(Counter(row["status"] for row in ledger)),
        "attempts": {str(n): c for n, c in sorted(Counter(r["attempts"] for r in ledger).items())},
        "reasons": [[*reason, number] for reason, number in reasons.most_common()],
        "wall_s": round(wall_s),
        "processor_s": round(sum(watch.processor_s.values())),
        "peak_memory_mib": round(watch.peak / 2**20),
    }


def _kind(reason: str) -> str:
    """The first sentence, with N for any number."""
    return re.sub(r"(?<![A-Za-z])\d[\d.,]*", "N", re.split(r"(?<=[.])\s", reason)[0])


def main() -> None:
    """Make mutants; with `--run`, analyse them and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="a new folder for the mutants")
    parser.add_argument("--from", dest="source", type=Path, help="a folder of videos")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given = arguments.source
        if given:
            sources = sorted(given.iterdir())
        else:
            demo = Path(folder) / "demo.mp4"
            make_demo(demo)
            sources = make_sources(demo, Path(folder) / "sources")
        make_mutants(arguments.out, sources, arguments.count, arguments.seed)
        names = [source.name for source in sources]
    if arguments.run:
        outcome = analyse(arguments.out, arguments.workers, 5 * arguments.count + 60)
        made = {"seed": arguments.seed, "count": arguments.count, "sources": names}
        result = circumstances(*PACKAGES) | made | {"workers": arguments.workers} | outcome
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
