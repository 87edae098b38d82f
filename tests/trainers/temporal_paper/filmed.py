"""Videos of two people who come and go."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import insightface
import numpy as np
from skimage.data import astronaut

from streamfer.media.encode import VideoWriter

HEIGHT, WIDTH = 240, 400


def _head(picture: np.ndarray, left: int, top: int, size: int, shown: int) -> np.ndarray:
    return cv2.resize(picture[top : top + size, left : left + size], (shown, shown))


_PHOTOGRAPH = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
_ONE = _head(astronaut(), 130, 0, 240, 180)
_OTHER = _head(cv2.imread(str(_PHOTOGRAPH))[..., ::-1], 410, 220, 220, 150)


def film(path: Path, scenes: list[tuple[float, bool, bool]]) -> Path:
    """Each scene is so many seconds long and shows, or not, one person left and another right.

    The one on the right is smaller. The first half is of 10 pictures a second, the other of 25.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = 25 * sum(seconds for seconds, *_ in scenes)
    with VideoWriter(path, WIDTH, HEIGHT, Fraction(1, 50)) as video:
        pts, until = 0, 0.0
        for seconds, left, right in scenes:
            until += seconds
            picture = _scene(left=left, right=right)
            while pts < 50 * until:
                video.put(picture, pts)
                pts += 5 if pts < half else 2
    return path


def _scene(*, left: bool, right: bool) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for there, face, x in ((left, _ONE, 10), (right, _OTHER, 235)):
        if there:
            picture[30 : 30 + len(face), x : x + len(face)] = face
    return picture
