"""The command line as a person uses it: a process of its own, on real files."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from skimage.data import astronaut

ROOT = Path(__file__).parents[2]
COMMAND = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'streamfer'; from streamfer.cli.main import main; main()",
]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def begin(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start `streamfer` with these arguments and do not wait for it."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
    )


def streamfer(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `streamfer` with these arguments to its end; no run may show a traceback."""
    process = begin(*arguments)
    stdout, stderr = process.communicate(timeout=150)
    assert "Traceback" not in stderr, stderr
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def portrait(
    path: Path, seconds: float = 3, *, start: int = 0, options: dict[str, str] | None = None
) -> Path:
    """A video of one face that moves to the right; 320 x 320, 25 frames a second.

    It begins `start` pixels to the right; `options` are the container's.
    """
    photograph = astronaut()
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "25"})
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for number in range(round(seconds * 25)):
            left = 120 - start - number
            picture = np.ascontiguousarray(photograph[:320, left : left + 320])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
