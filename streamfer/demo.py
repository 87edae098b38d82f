"""Makes the demo: half a minute of video with people whose every place is known.

It needs no download (see `streamfer.demo_cutouts`), so it serves both as a first try of
streamfer and as a test with exact truth. Two scenes, 640×360, 25 frames a second, 30 s:

- Before a wall: two people walk past each other, a third walks past both and leaves the
  picture to the left, and a fourth walks behind a pillar, which hides her for one second.
- 18 s, a hard cut; before a hedge: two people stay, one walks behind another, one comes in.
  The astronaut is in both scenes, but a track is a continuous presence: hers ends at the cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.demo_cutouts import CutOut, cut_out, wall
from streamfer.media.encode import VideoWriter
from streamfer.media.picture import Picture

WIDTH, HEIGHT = 640, 360
FRAME_RATE = 25
TICKS_PER_SECOND = 5
_FRAMES = 30 * FRAME_RATE + 1  # with one for the tick at 30 s
COUNTER = 300  # y of the counter that hides the straight lower ends of the cut-outs


@dataclass(frozen=True)
class Truth:
    """What the video shows at tick k, which is at k/5 s.

    Attributes:
        boxes: float32 (ticks, people, 4), x1 y1 x2 y2 of each person's face in pixels, seen or
            not; NaN while the person is not in the scene. A person in both scenes is two.
        visible: bool (ticks, people), at least half of the box is in the picture and uncovered.
        cuts: the ticks at which a new scene begins.
    """

    boxes: NDArray[np.float32]
    visible: NDArray[np.bool_]
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class Person:
    """A cut-out that moves from key to key: (time in s, x and y of the face's centre, scale)."""

    name: str
    keys: tuple[tuple[float, float, float, float], ...]

    def load(self) -> CutOut:
        """The cut-out."""
        return cut_out(self.name)

    def at(self, time: float) -> tuple[float, float, float] | None:
        """The face's x and y, and the scale; None before the first key and after the last."""
        times, xs, ys, scales = zip(*self.keys, strict=True)
        if not times[0] <= time <= times[-1]:
            return None
        x, y, scale = (float(np.interp(time, times, values)) for values in (xs, ys, scales))
        return x, y + 2 * math.sin(6 * time + xs[0]), scale  # nobody stands quite still


@dataclass(frozen=True)
class Prop:
    """Something flat that stands still: a texture in a colour, at x1 y1 x2 y2."""

    texture: str
    colour: tuple[int, int, int]
    place: tuple[int, int, int, int]

    def load(self) -> CutOut:
        """The texture in the prop's size."""
        x1, y1, x2, y2 = self.place
        return CutOut(wall(self.texture, self.colour, x2 - x1, y2 - y1, blur=1), None)

    def at(self, _time: float) -> tuple[float, float, float]:
        """The upper left corner's x and y, and the scale."""
        return self.place[0], self.place[1], 1


@dataclass(frozen=True)
class Scene:
    """From `start` (s) on: a background, and props and people, the farthest first."""

    start: int
    background: tuple[str, tuple[int, int, int]]
    layers: tuple[Prop | Person, ...]


# fmt: off
_SCENES = (
    Scene(0, ("brick", (176, 130, 108)), (
        # At 60 pixels a second the centre of her face is behind the pillar, which is 60 wide,
        # from 11.1 to 12.1 s: at the five ticks from 11.2 to 12.0 s.
        Person("astronaut", (
            (0, 592, 112, 0.60), (10.1, 590, 112, 0.60), (13.6, 380, 112, 0.60),
            (18, 400, 114, 0.62),
        )),
        Prop("gravel", (150, 148, 142), (470, 0, 530, COUNTER)),
        Person("man in grey", (
            (0, 90, 128, 0.62), (1, 90, 128, 0.62), (6, 330, 130, 0.64), (10, 325, 130, 0.64),
            (13, 230, 128, 0.62), (18, 225, 128, 0.62),
        )),
        Person("man in black", (
            (0, 290, 152, 0.62), (1, 290, 152, 0.62), (5, 90, 152, 0.66), (12, 95, 152, 0.64),
            (18, 110, 152, 0.62),
        )),
        Person("woman with cards", (
            (0, 420, 150, 0.60), (3.5, 420, 150, 0.60), (10.5, -90, 150, 0.66),
        )),
        Prop("brick", (96, 70, 48), (0, COUNTER, WIDTH, HEIGHT)),
    )),
    Scene(18, ("grass", (84, 112, 72)), (
        Person("astronaut", (
            (18, 540, 120, 0.66), (21, 540, 120, 0.66), (27, 215, 118, 0.62), (30, 215, 118, 0.62),
        )),
        Person("woman in black", ((18, 395, 136, 0.66), (30, 380, 138, 0.72))),
        Person("man in red", ((18, 95, 212, 0.74), (24, 110, 206, 0.82), (30, 90, 212, 0.74))),
        Person("man in grey", ((23, 730, 130, 0.64), (27, 545, 130, 0.64), (30, 540, 130, 0.66))),
        Prop("gravel", (120, 112, 100), (0, COUNTER, WIDTH, HEIGHT)),
    )),
)
# fmt: on


def make_demo(path: Path) -> Truth:
    """Writes the video (H.264, without sound) and returns what it shows."""
    per_tick = FRAME_RATE // TICKS_PER_SECOND
    stages = [Stage(scene) for scene in _SCENES]
    starts = [scene.start * FRAME_RATE for scene in _SCENES]
    people = sum(stage.people for stage in stages)
    boxes = np.full((_FRAMES // per_tick + 1, people, 4), np.nan, np.float32)
    visible = np.zeros(boxes.shape[:2], bool)
    first = 0  # column of the scene's first person
    with VideoWriter(path, WIDTH, HEIGHT, Fraction(1, FRAME_RATE)) as video:
        for stage, start, end in zip(stages, starts, [*starts[1:], _FRAMES], strict=True):
            cast = slice(first, first + stage.people)
            first = cast.stop
            for frame in range(start, end):
                picture, faces, covered = stage.show(frame / FRAME_RATE)
                video.put(picture, frame)
                if frame % per_tick == 0:
                    boxes[frame // per_tick, cast] = faces
                    visible[frame // per_tick, cast] = covered <= 0.5
    return Truth(boxes, visible, tuple(start // per_tick for start in starts[1:]))


class Stage:
    """A scene ready to be shown."""

    def __init__(self, scene: Scene) -> None:
        self.people = sum(isinstance(layer, Person) for layer in scene.layers)
        self._background = wall(*scene.background, WIDTH, HEIGHT, blur=2.5)[..., :3]
        self._layers = [(layer, layer.load()) for layer in scene.layers]

    def show(self, time: float) -> tuple[Picture, NDArray[np.float32], NDArray[np.float64]]:
        """The picture, the faces' boxes (people, 4) and the covered part of each, 0 to 1 (people,).

        NaN for who is not in the scene. What lies outside the picture counts as covered.
        """
        picture = self._background.copy()
        top = np.zeros((HEIGHT, WIDTH), np.uint8)  # number of the layer that is seen at a pixel
        faces = np.full((self.people, 4), np.nan, np.float32)
        numbers = []
        for number, (layer, cut) in enumerate(self._layers, 1):
            if cut.face is not None:
                numbers.append(number)
            place = layer.at(time)
            if place is None:
                continue
            x, y, scale = place
            if cut.face is None:
                corner = np.array([x, y])
            else:
                corner = np.array([x, y]) - scale * (cut.face[:2] + cut.face[2:]) / 2
                faces[len(numbers) - 1] = np.tile(corner, 2) + scale * cut.face
            _paste(picture, top, cut.pixels, corner, scale, number)
        covered = [_covered(top, *pair) for pair in zip(faces, numbers, strict=True)]
        light = 1 + 0.1 * math.sin(2 * math.pi * time / 8)
        return cv2.convertScaleAbs(picture, alpha=light), faces, np.array(covered)


def _paste(
    picture: Picture,
    top: Picture,
    pixels: Picture,
    corner: NDArray[np.float64],
    scale: float,
    number: int,
) -> None:
    """Puts a cut-out's upper left corner at `corner`, and its number where it is opaque."""
    height, width = pixels.shape[:2]
    first = np.clip(np.floor(corner).astype(int), 0, (WIDTH, HEIGHT))
    last = np.clip(
        np.ceil(corner + scale * np.array([width, height])).astype(int), 0, (WIDTH, HEIGHT)
    )
    if (last <= first).any():
        return
    # OpenCV counts from the centre of the first pixel, we from its corner.
    shift = corner - first + (scale - 1) / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    size = [int(side) for side in last - first]
    drawn = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR)
    inside = np.s_[first[1] : last[1], first[0] : last[0]]
    behind = picture[inside].astype(np.uint16) * (255 - drawn[..., 3:].astype(np.uint16))
    picture[inside] = drawn[..., :3] + (behind + 127) // 255
    top[inside][drawn[..., 3] > 127] = number


def _covered(top: Picture, box: NDArray[np.float32], number: int) -> float:
    """The part of the box that is outside the picture or behind layers after `number`."""
    if np.isnan(box).any():
        return math.nan
    x1, y1, x2, y2 = box.round().astype(int)
    inside = top[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
    return 1 - np.count_nonzero(inside <= number) / int((x2 - x1) * (y2 - y1))
