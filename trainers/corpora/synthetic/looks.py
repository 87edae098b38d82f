"""What makes each corpus look unlike the others: rate, size, distance, light, grain, background.

Rates and shapes follow the paper's Table 1; the pictures are small, so that a study in small is
quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """How a corpus was recorded.

    size: width and height in pixels. rate: pictures a second. codec: of its videos, "" if it has
    none. face: the face's height as a share of the picture's, from and to. skin, wall: RGB of a
    middle grey there. texture: contrast of the background's pattern, 0: plain. light: factor of
    all. gamma: above 1 darkens the middle. grain: standard deviation in grey values. blur:
    standard deviation in pixels. wander: how far a face moves, as a share of the picture's height.
    swing: how much darker and lighter it becomes and again, as a factor. tilt: how far a head
    leans to either side, in degrees. passing: whether something passes before the face at times.
    """

    size: tuple[int, int]
    rate: Fraction
    codec: str
    face: tuple[float, float]
    skin: Colour
    wall: Colour
    texture: float
    light: float = 1.0
    gamma: float = 1.0
    grain: float = 0.0
    blur: float = 0.0
    wander: float = 0.02
    swing: float = 1.05
    tilt: float = 0.0
    passing: bool = False


NTSC = Fraction(30000, 1001)

LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        # People who stand and walk about before a wall of a studio, far away.
        "RAMAS": Look(
            (384, 216), Fraction(25), "libx264", (0.36, 0.44), (150, 118, 100),
            (96, 104, 120), 20, light=0.95, grain=2, wander=0.05,
        ),
        # Two people at either side, dim, with black bars above and below.
        "IEMOCAP": Look(
            (360, 240), NTSC, "mpeg4", (0.26, 0.30), (140, 120, 104),
            (84, 78, 70), 12, light=0.85, gamma=1.2, grain=4, blur=0.6,
        ),
        # Close before green cloth, compressed for the web.
        "CREMA-D": Look(
            (240, 180), NTSC, "flv", (0.52, 0.60), (148, 122, 110),
            (60, 120, 72), 0, light=1.0, grain=1,
        ),
        # Sharp, before white.
        "RAVDESS": Look(
            (320, 180), NTSC, "libx264", (0.50, 0.56), (146, 116, 102),
            (226, 228, 230), 0, light=1.05,
        ),
        # A head that fills the picture, at 60 pictures a second.
        "SAVEE": Look(
            (160, 128), Fraction(60), "mpeg4", (0.60, 0.68), (136, 116, 112),
            (52, 50, 56), 6, light=0.9, grain=3, wander=0.01,
        ),
        # Anywhere: every video has its own light, background and rate.
        "AffWild2": Look(
            (288, 216), Fraction(24), "libx264", (0.34, 0.62), (146, 120, 106),
            (128, 124, 118), 44, grain=3, blur=0.4, wander=0.06,
        ),
        "FER2013": Look(
            (48, 48), Fraction(1), "", (0.84, 0.98), (128, 128, 128),
            (110, 110, 110), 24, grain=2, wander=0.03,
        ),
        "AffectNet": Look(
            (224, 224), Fraction(1), "", (0.50, 0.70), (152, 120, 104),
            (124, 130, 134), 40, grain=1, wander=0.08,
        ),
    }
)  # fmt: skip
