"""What seeking costs in each kind of file, and what is made of it.

    python -m benchmarks.seeking --clip ../shared/data/videos/pyfeat__WolfgangLanger_Pexels.mp4

writes benchmarks/seeking.json; docs/long-videos.md shows it. The same pictures, small, are put
into each container with a keyframe at every so many of them, or with one in all. Each file is
then read, for the samples of a run: in one pass; in the segments that streamfer plans for it; and
in segments of the length asked for, whatever seeking costs. Figures are processor seconds of this
one thread, the best of `--repeats`. Margins are part of a segment.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from benchmarks.record import circumstances
from streamfer.config import Analysis
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe
from streamfer.pipeline.plan import Segment, cut

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av",)
GOPS = (12, 48, 250, 600, None)
SECONDS = 300
ANALYSIS = Analysis(segment_s=30)

_RATE = 25
_SIZE = (160, 96)
_EVER = 10**6
# A suffix, and options. A transport stream has its parameter sets where a bare stream needs them.
_CODECS: dict[str, tuple[str, dict[str, str]]] = {
    "libx264": ("ts", {"preset": "veryfast", "bf": "2", "sc_threshold": "0"}),
    "mpeg4": ("avi", {"sc_threshold": "1000000000"}),
    "libvpx": ("webm", {"deadline": "realtime", "cpu-used": "16", "auto-alt-ref": "0"}),
}
# A codec, and with what options its packets are put into another container (None: into none).
KINDS: dict[str, tuple[str, dict[str, str] | None]] = {
    "mp4": ("libx264", {}),
    "mkv": ("libx264", {}),
    "flv": ("libx264", {}),
    "ts": ("libx264", None),
    "h264": ("libx264", {}),
    "avi": ("mpeg4", None),
    "avi without index": ("mpeg4", None),
    "webm": ("libvpx", None),
    "webm without index": ("libvpx", {"live": "1"}),
}


def files(clip: Path, folder: Path) -> Iterator[tuple[str, int | None, Path]]:
    """Each kind of file, and after how many pictures it has a keyframe (None: never)."""
    pictures = list(_pictures(clip))
    for gop in GOPS:
        for codec, (suffix, options) in _CODECS.items():
            _encode(
                folder / f"{codec}.{suffix}", codec, options | {"g": str(gop or _EVER)}, pictures
            )
        for kind, (codec, muxer) in KINDS.items():
            source = folder / f"{codec}.{_CODECS[codec][0]}"
            path = folder / f"{kind.replace(' ', '-')}.{kind.split()[0]}"
            if muxer is None:
                path.write_bytes(source.read_bytes())
            else:
                _copy(source, path, muxer)
            if kind == "avi without index":
                data = path.read_bytes()
                path.write_bytes(data[: data.rindex(b"idx1")])
            yield kind, gop, path


def _pictures(clip: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(clip)) as container:
        for frame in itertools.islice(container.decode(video=0), 20 * _RATE):
            yield frame.reformat(*_SIZE, format="yuv420p")


def _encode(
    path: Path, codec: str, options: dict[str, str], pictures: Sequence[av.VideoFrame]
) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=_RATE, options=options)
        stream.width, stream.height = _SIZE
        # Forwards and backwards, without a jump.
        order = itertools.cycle([*pictures, *reversed(pictures)])
        for number, picture in enumerate(itertools.islice(order, SECONDS * _RATE)):
            picture.pts, picture.time_base = number, Fraction(1, _RATE)
            picture.pict_type = 0
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _copy(source: Path, path: Path, options: dict[str, str]) -> None:
    with av.open(str(source)) as before, av.open(str(path), "w", options=options) as after:
        stream = before.streams.video[0]
        copy = after.add_stream_from_template(stream)
        for packet in before.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                after.mux(packet)


def processor_s(segments: Sequence[Segment], repeats: int) -> float:
    """What it takes to read all samples of segments, one after the other."""
    best = float("inf")
    for _ in range(repeats):
        begun = time.process_time()
        for part in segments:
            for _sample in SampleReader(part.info, ANALYSIS.fps, part.read_from, part.read_until):
                pass
        best = min(best, time.process_time() - begun)
    return round(best, 2)


def measure(info: MediaInfo, repeats: int) -> dict[str, Any]:
    """One file, read in the three ways."""
    whole = cut("", dataclasses.replace(info, run_up_s=info.end_s), ANALYSIS, 0.0)
    planned = cut("", info, ANALYSIS, 0.0)
    fixed = cut("", dataclasses.replace(info, run_up_s=0.0), ANALYSIS, 0.0)
    begun = time.process_time()
    probe(info.path, info.limits)
    probe_s = time.process_time() - begun
    return {
        "run_up_s": round(info.run_up_s, 1),
        "segments": len(planned),
        "one_pass_s": processor_s(whole, repeats),
        "planned_s": processor_s(planned, repeats),
        "fixed_s": processor_s(fixed, repeats),
        "probe_s": round(probe_s, 3),
    }


def main() -> None:
    """Measure all files, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, gop, path in files(arguments.clip, Path(folder)):
            rows.append(
                {"kind": kind, "gop": gop} | measure(probe(str(path), Limits()), arguments.repeats)
            )
            print(json.dumps(rows[-1]), flush=True)
    settings = {"seconds": SECONDS, "segment_s": ANALYSIS.segment_s, "repeats": arguments.repeats}
    result = circumstances(*PACKAGES) | settings | {"files": rows}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
