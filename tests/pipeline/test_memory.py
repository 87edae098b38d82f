"""A worker's memory has a ceiling; a minute long, so run with `pytest -m slow`."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.looping import loop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PROGRAM = """
import pathlib, re, sys; import cv2; cv2.setNumThreads(1)
import streamfer
streamfer.analyse(sys.argv[1])
# Not getrusage, which begins with what the parent held when it started this process.
status = pathlib.Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024)
"""


def peak_mib(video: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, video], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


def test_a_full_hd_crowd_stays_small_however_long(clips: Path, tmp_path: Path):
    crowd = clips / "facenet__video.mp4"
    one = peak_mib(loop(crowd, tmp_path / "one.mp4", 40))
    three = peak_mib(loop(crowd, tmp_path / "three.mp4", 120))
    # Seen: 370 to 400 MiB. With buffers torn among small things it was 1,600, and grew.
    assert one < 550
    assert three < one + 60
