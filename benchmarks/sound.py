"""What `--audio` costs: processor time for each second of media, beside decoding the picture.

    python -m benchmarks.sound CLIP...

writes benchmarks/sound.json. Each clip is read as one segment from its beginning on one thread;
the best of all rounds counts. What a worker needs once, to start listening, is measured in a
process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import torch

from benchmarks.record import circumstances
from streamfer.config import Analysis
from streamfer.media.audio import SoundReader
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe
from streamfer.sound.listen import listen
from streamfer.sound.speech import SpeechDetector, load_speech_detector

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "numpy", "onnxruntime", "torch", "torchaudio", "silero-vad")
ROUNDS = 5
FPS = Analysis().fps
START = """
import time, psutil
import streamfer.pipeline.segment
memory, begun = psutil.Process().memory_info().rss, time.process_time()
from streamfer.sound import listen, speech
speech.load_speech_detector()
print(time.process_time() - begun, psutil.Process().memory_info().rss - memory)
"""


def milliseconds(work: Callable[[], object], seconds: float) -> float:
    """Processor time of the fastest of some rounds, for each of `seconds`."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return round(1000 * min(times) / seconds, 1)


def measure(info: MediaInfo, detector: SpeechDetector) -> dict[str, object]:
    """The figures of one clip."""
    ticks = int(info.duration_s * FPS)
    seconds = ticks / FPS
    sound = listen(info, FPS, 0, ticks, detector)
    return {
        "clip": Path(info.path).name,
        "seconds": seconds,
        "picture": f"{info.width} x {info.height}, {info.codec}",
        "sound": sound.stream,
        "speech_share": round(float(sound.sums.speech_s.sum() / seconds), 2),
        "decode_picture_ms": milliseconds(lambda: list(SampleReader(info, FPS)), seconds),
        "decode_sound_ms": milliseconds(
            lambda: list(SoundReader(info, 0, Fraction(ticks, FPS))), seconds
        ),
        "listen_ms": milliseconds(lambda: listen(info, FPS, 0, ticks, detector), seconds),
    }


def measure_start() -> dict[str, float]:
    """What it takes a process to be ready to listen."""
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = map(float, done.stdout.split())
    return {"processor_s": round(seconds, 1), "memory_mib": round(memory / 2**20)}


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    clips = parser.parse_args().clips
    torch.set_num_threads(1)
    detector = load_speech_detector()
    results = [measure(probe(str(clip), Limits()), detector) for clip in clips]
    record = circumstances(*PACKAGES) | {"start": measure_start(), "clips": results}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
