"""The speed of the PyPI package `fer` at every fifth frame of a video; run by its own Python.

    FER_PYTHON benchmarks/fer_package.py VIDEO SECONDS

prints JSON. It is given its best case: its default detector and network; frames between are
skipped without converting them; no picture, video or table is written; loading is not counted.
"""

import json
import sys
import time
from importlib.metadata import version

import cv2
from fer.fer import FER

EVERY = 5


def main() -> None:
    """Read the stretch, and print what was done in which time."""
    path, stretch = sys.argv[1], float(sys.argv[2])
    cv2.setNumThreads(1)
    detector = FER()
    capture = cv2.VideoCapture(path)
    rate = capture.get(cv2.CAP_PROP_FPS)
    # The first picture sets everything up.
    detector.detect_emotions(capture.read()[1])
    frames = looked_at = faces = 0
    began, used = time.perf_counter(), time.process_time()
    while frames < stretch * rate and capture.grab():
        frames += 1
        if frames % EVERY:
            continue
        faces += len(detector.detect_emotions(capture.retrieve()[1]))
        looked_at += 1
    spent, used = time.perf_counter() - began, time.process_time() - used
    result = {
        "version": version("fer"),
        "seconds_of_video": round(frames / rate, 1),
        "frames_looked_at": looked_at,
        "faces": faces,
        "times_real_time": round(frames / rate / spent, 3),
        "processor_ms_a_second": round(1000 * used * rate / frames, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
