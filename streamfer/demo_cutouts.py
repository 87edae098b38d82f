"""The people, walls and other props of the demo video, cut out of photographs in packages.

Nothing is downloaded and no photograph is part of this project: scikit-image carries NASA's
portrait of an astronaut (public domain) and photographs of bricks, grass and gravel (CC0), and
insightface a photograph of six people round a table, which it uses as its own test picture.
The outlines were drawn by hand on exactly these files, so each file's sha256 is checked.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.errors import UsageError
from streamfer.media.picture import Picture

_FILES = {
    "astronaut": (
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "table": (
        "insightface/data/images/t1.jpg",
        "47f682e945b659f93a9e490b9c9c4a2a864abe64dace9e1a2893845ddfd69489",
    ),
    "brick": (
        "skimage/data/brick.png",
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    ),
    "grass": (
        "skimage/data/grass.png",
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    ),
    "gravel": (
        "skimage/data/gravel.png",
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    ),
}

_SOFT_EDGE = 1.5  # pixels: the standard deviation of the blur of a cut-out's edge


@dataclass(frozen=True)
class _Outline:
    """Where a person is in a photograph, in its pixels.

    `face` is the box x1 y1 x2 y2 that CenterFace gives on the whole photograph; `points` are
    the corners x, y of the silhouette, which ends below in a straight line.
    """

    photograph: str
    face: tuple[float, float, float, float]
    points: tuple[tuple[int, int], ...]


# fmt: off
_OUTLINES = {
    "astronaut": _Outline("astronaut", (181.5, 58.2, 269.9, 177.8), (
        (155, 62), (160, 45), (180, 28), (205, 20), (228, 16), (255, 22), (278, 36), (294, 54),
        (300, 80), (298, 100), (290, 116), (280, 128), (270, 134), (266, 158), (258, 174),
        (275, 182), (292, 200), (302, 222), (306, 242), (318, 250), (334, 262), (345, 284),
        (352, 310), (357, 336), (345, 346), (320, 355), (302, 378), (288, 412), (284, 440),
        (282, 470), (28, 470), (24, 440), (22, 400), (26, 360), (35, 310), (45, 275), (60, 250),
        (80, 235), (100, 218), (116, 206), (118, 190), (125, 172), (135, 160), (152, 150),
        (184, 149), (181, 132), (172, 126), (164, 115), (156, 100),
    )),
    "man in grey": _Outline("table", (903.5, 59.4, 1012.8, 201.1), (
        (884, 50), (900, 46), (917, 38), (925, 23), (945, 10), (970, 3), (995, 2), (1018, 12),
        (1035, 28), (1045, 45), (1053, 70), (1055, 95), (1053, 118), (1052, 131), (1075, 132),
        (1100, 139), (1125, 151), (1125, 235), (1121, 300), (1120, 415), (1085, 418), (1060, 425),
        (908, 425), (903, 400), (892, 336), (884, 330), (880, 290), (879, 240), (878, 222),
        (890, 205), (910, 190), (926, 181), (934, 176), (922, 156), (918, 148), (920, 130),
        (909, 112), (904, 100), (904, 86), (903, 70), (894, 72), (889, 62),
    )),
    "man in black": _Outline("table", (464.8, 265.4, 571.3, 410.6), (
        (463, 320), (466, 310), (468, 295), (464, 270), (466, 258), (472, 245), (485, 232),
        (505, 223), (525, 220), (550, 224), (575, 230), (590, 242), (600, 258), (606, 280),
        (605, 300), (600, 310), (592, 325), (588, 340), (580, 358), (570, 368), (557, 385),
        (552, 396), (568, 418), (578, 448), (583, 478), (592, 497), (605, 490), (618, 470),
        (612, 440), (625, 412), (638, 402), (655, 415), (672, 428), (678, 452), (664, 480),
        (640, 515), (610, 540), (584, 560), (572, 600), (345, 600), (344, 520), (341, 480),
        (346, 440), (356, 420), (371, 401), (400, 390), (440, 367), (456, 353), (462, 346),
    )),
    "woman with cards": _Outline("table", (62.2, 268.3, 165.3, 391.6), (
        (65, 243), (80, 235), (100, 236), (118, 246), (140, 262), (158, 290), (170, 320),
        (178, 350), (184, 388), (200, 386), (215, 383), (228, 386), (227, 430), (245, 436),
        (256, 450), (255, 478), (268, 520), (288, 566), (300, 600), (10, 600), (14, 570),
        (18, 540), (25, 432), (22, 380), (20, 340), (23, 310), (30, 280), (45, 257),
    )),
    "woman in black": _Outline("table", (1132.5, 266.4, 1230.6, 401.8), (
        (1128, 330), (1127, 300), (1135, 280), (1150, 262), (1170, 242), (1190, 236), (1210, 243),
        (1232, 260), (1244, 280), (1251, 310), (1257, 350), (1262, 385), (1261, 415), (1238, 432),
        (1255, 455), (1268, 475), (1275, 500), (1279, 515), (1279, 600), (1003, 600), (992, 540),
        (985, 510), (985, 480), (1000, 455), (1020, 435), (1040, 428), (1062, 438), (1082, 425),
        (1105, 422), (1122, 430), (1128, 415), (1126, 380),
    )),
    "man in red": _Outline("table", (748.1, 345.4, 846.9, 482.4), (
        (748, 324), (762, 315), (775, 305), (790, 296), (810, 293), (830, 297), (850, 309),
        (865, 326), (873, 345), (872, 365), (868, 385), (880, 392), (895, 401), (905, 420),
        (908, 450), (911, 480), (915, 512), (900, 524), (890, 540), (884, 560), (645, 560),
        (652, 540), (665, 520), (675, 490), (690, 475), (700, 455), (720, 445), (740, 432),
        (752, 420), (750, 400), (748, 380), (749, 360), (750, 340),
    )),
}
# fmt: on


@dataclass(frozen=True)
class CutOut:
    """Something to be put before a background.

    Attributes:
        pixels: uint8 (h, w, 4) RGBA, the colours already multiplied by the alpha.
        face: float32 (4,), x1 y1 x2 y2 of a person's face in pixels of the cut-out.
    """

    pixels: Picture
    face: NDArray[np.float32] | None


def cut_out(name: str) -> CutOut:
    """A person, by the name in the table above."""
    outline = _OUTLINES[name]
    photograph = _photograph(outline.photograph)
    points = np.array(outline.points, np.int32)
    left, top, width, height = cv2.boundingRect(points)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [points - (left, top)], 255)
    alpha = cv2.GaussianBlur(mask, (0, 0), _SOFT_EDGE, borderType=cv2.BORDER_REPLICATE)
    # The blur reaches as far outwards as inwards; outwards is the old background.
    alpha = np.clip(2 * alpha.astype(np.float32) - 255, 0, 255)[..., None]
    colours = photograph[top : top + height, left : left + width]
    pixels = np.concatenate([colours * (alpha / 255), alpha], axis=2).round().astype(np.uint8)
    return CutOut(pixels, np.array(outline.face, np.float32) - np.tile([left, top], 2))


def wall(
    texture: str, colour: tuple[int, int, int], width: int, height: int, blur: float
) -> Picture:
    """A texture ("brick", "grass" or "gravel") in a colour, out of focus: uint8 RGBA, opaque."""
    grey = _photograph(texture)[..., 0]
    if texture == "brick":
        grey = np.rot90(grey)  # its rows run downwards
    side = max(width, height)
    grey = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)[:height, :width]
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), blur)[..., None]
    colours = np.clip(soft / soft.mean() * colour, 0, 255).astype(np.uint8)
    return np.concatenate([colours, np.full((height, width, 1), 255, np.uint8)], axis=2)


def _photograph(name: str) -> Picture:
    """A photograph as uint8 (h, w, 3) RGB. UsageError where a package does not carry it."""
    place, sha256 = _FILES[name]
    package, _, inside = place.partition("/")
    # The package is looked up but not imported: only its file is wanted.
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0], inside) if folders else None
    if path is None or not path.is_file():
        raise UsageError(
            f"The demo needs {place} from the package {package}; reinstall streamfer's packages."
        )
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UsageError(
            f"{path} is not the photograph the demo was made for; install another version of "
            f"{package}, one that streamfer's dependencies allow."
        )
    bgr: Picture = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    return np.ascontiguousarray(bgr[..., ::-1])
