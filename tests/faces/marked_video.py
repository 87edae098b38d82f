"""A video in which one face jumps about, and the truth about it."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FPS = 480, 320, 10
FACE = (182, 58, 88, 120)  # x, y, w, h in the photograph of the astronaut
# Left edge of the photograph's part in each picture; None: nobody is there.
PLACES = (0, 130, 260, None, 40, 210, 90, None, 170, 20)
PART = (slice(0, 260), slice(110, 330))  # of the photograph, rows and columns


def picture_with(astronaut: np.ndarray, place: int | None) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    if place is not None:
        part = astronaut[PART]
        picture[40 : 40 + part.shape[0], place : place + part.shape[1]] = part
    return picture


def make_marked_video(path: Path, astronaut: np.ndarray, start: int = 0) -> Path:
    """Picture n is shown at n / FPS seconds of the player's clock; the first has PTS `start`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, place in enumerate(PLACES):
            frame = av.VideoFrame.from_ndarray(picture_with(astronaut, place), format="rgb24")
            frame.pts, frame.time_base = start + number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def true_rows() -> list[str]:
    """The rows of the truth, one for each picture."""
    x, y, w, h = FACE[0] - PART[1].start, FACE[1] + 40, FACE[2], FACE[3]
    return [
        f"{number / FPS},,,," if place is None else f"{number / FPS},{x + place},{y},{w},{h}"
        for number, place in enumerate(PLACES)
    ]


def write_truth(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(["time_s,x,y,w,h", *rows]) + "\n")
    return path
