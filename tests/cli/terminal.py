"""The command line as a person uses it: a process of its own, on real files."""

import contextlib
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
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "STREAMFER_STARTED_BY": str(os.getpid()),
}
_MARK = f"STREAMFER_STARTED_BY={os.getpid()}".encode()


# What root may do that others may not, as far as files are concerned.
LIKE_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def begin(*arguments: str | Path, reads_all: bool = True) -> subprocess.Popen[str]:
    """Start `streamfer` with these arguments and do not wait for it.

    With `reads_all` false, root may read only what the permissions of files let it read.
    """
    # A group of its own, as a shell makes one, for Ctrl-C goes to all of it.
    restricted = [] if reads_all or os.geteuid() else LIKE_OTHERS
    return subprocess.Popen(
        [*restricted, *COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        process_group=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
    )


def streamfer(*arguments: str | Path, reads_all: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `streamfer` with these arguments to its end; no run may show a traceback."""
    with begin(*arguments, reads_all=reads_all) as process:
        try:
            stdout, stderr = process.communicate(timeout=150)
        finally:
            process.kill()
    assert "Traceback" not in stderr, stderr
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def left_behind() -> list[str]:
    """What still runs of all that `begin` and `streamfer` started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if _MARK in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found


def portrait(
    path: Path, seconds: float = 3, *, start: int = 0, options: dict[str, str] | None = None
) -> Path:
    """A video of one face that moves to the right for 4 s, and back; 320 x 320, 25 frames a second.

    It begins `start` pixels to the right; `options` are the container's.
    """
    photograph = astronaut()
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "5"})
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for number in range(round(seconds * 25)):
            left = 120 - start - min(number % 200, 200 - number % 200)
            picture = np.ascontiguousarray(photograph[:320, left : left + 320])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
