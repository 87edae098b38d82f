"""Puts animated faces before a background: the pictures of a recording, and where faces are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from streamfer.faces.detections import Floats
from streamfer.media.picture import Picture
from trainers.corpora.synthetic.looks import Colour, Look
from trainers.corpora.synthetic.portraits import SIDE, Morph, Portrait

FADE_S = 0.5  # from one expression to the next
BODY = (240, 260)  # width and height of a person's cut-out; the face's pictures lie in its middle
LEFT, TOP = (BODY[0] - SIDE) // 2, 16
CORNER = np.array([LEFT, TOP], np.float32)  # of the face's pictures in the cut-out
GRAINS = 6  # pictures of noise, shown in turn


@dataclass(frozen=True)
class Key:
    """From `time` (s) on the face changes to `portrait`, which takes `FADE_S`."""

    time: float
    portrait: Portrait


class Actor:
    """A person in a recording: the face changes from key to key, and moves slowly.

    x: where, as a share of the picture's width.
    """

    def __init__(
        self, keys: Sequence[Key], look: Look, rng: np.random.Generator, x: float = 0.5
    ) -> None:
        self._times = [key.time for key in keys]
        portraits = [keys[0].portrait, *(key.portrait for key in keys)]
        self._morphs = [Morph(*pair) for pair in pairwise(portraits)]
        self._look, self._x = look, x
        self._size = rng.uniform(*look.face)
        self._phases = rng.uniform(0, 2 * math.pi, 4)
        self._skin = _tones(look.skin)
        self._body = _body(look.skin, tuple(rng.uniform(30, 150, 3)))
        self._head = _head()
        self._cut_out: tuple[Portrait, Picture] | None = None

    def portrait(self, time: float) -> Portrait:
        """The face at a time."""
        number = max(0, sum(start <= time for start in self._times) - 1)
        share = min(1.0, max(0.0, (time - self._times[number]) / FADE_S))
        return self._morphs[number].at(share * share * (3 - 2 * share))

    def draw(self, picture: Picture, time: float) -> Floats:
        """Put the person into a picture (H, W, 3) RGB; the face's box, x1 y1 x2 y2 in pixels."""
        face = self.portrait(time)
        matrix = self._place(picture.shape[:2], face.box, time)
        person = self._person(face)
        drawn = cv2.warpAffine(person, matrix, picture.shape[1::-1], flags=cv2.INTER_LINEAR)
        behind = cv2.cvtColor(255 - drawn[..., 3], cv2.COLOR_GRAY2RGB)
        behind = cv2.multiply(picture, behind, scale=1 / 255)
        cv2.add(cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB), behind, dst=picture)
        corners = face.box.reshape(2, 2)
        centre = matrix[:, :2] @ (corners.mean(axis=0) + CORNER) + matrix[:, 2]
        half = math.hypot(*matrix[0, :2]) * (corners[1] - corners[0]) / 2
        return np.concatenate([centre - half, centre + half]).astype(np.float32)

    def _person(self, face: Portrait) -> Picture:
        """Head and shoulders, uint8 RGBA, the colours multiplied by the alpha."""
        if self._cut_out is None or self._cut_out[0] is not face:
            person = self._body.copy()
            inside = person[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
            shown = np.concatenate([self._skin[face.pixels], np.full_like(self._head, 255)], axis=2)
            opaque = np.repeat(self._head, 4, axis=2)
            over = cv2.multiply(shown, opaque, scale=1 / 255)
            inside[:] = cv2.add(over, cv2.multiply(inside, 255 - opaque, scale=1 / 255))
            self._cut_out = face, person
        return self._cut_out[1]

    def _place(self, shape: Sequence[int], box: Floats, time: float) -> Floats:
        """The matrix (2, 3) from the cut-out to the picture."""
        height, width = shape
        slow = np.sin(np.array([0.9, 0.7, 0.5, 0.6]) * time + self._phases)
        scale = height * self._size * (1 + 0.04 * slow[2]) / (box[3] - box[1])
        aim = np.array([self._x * width, 0.47 * height]) + height * self._look.wander * slow[:2]
        tilt = math.radians(self._look.tilt) * slow[3]
        cosine, sine = scale * math.cos(tilt), scale * math.sin(tilt)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        move = aim - turn @ (box.reshape(2, 2).mean(axis=0) + CORNER)
        return np.column_stack([turn, move]).astype(np.float32)


def record(
    look: Look,
    actors: Sequence[Actor],
    duration: float,
    rng: np.random.Generator,
    bars: float = 0.0,
) -> Iterator[tuple[Picture, Floats]]:
    """The pictures of a recording, uint8 (H, W, 3) RGB, and the faces' boxes (actors, 4) in each.

    bars: how much of the height is black above, and below.
    """
    width, height = look.size
    wall = _wall(look, rng)
    tones = _darkened(look.gamma)
    grains = rng.normal(128, look.grain, (GRAINS, height, width, 3)).round().astype(np.uint8)
    band = round(bars * height)
    phase = rng.uniform(0, 2 * math.pi)
    for number in range(round(duration * look.rate)):
        time = float(number / look.rate)
        picture = wall.copy()
        boxes = [actor.draw(picture, time) for actor in actors]
        if look.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
        if look.passing:
            _pass_by(picture, time)
        light = look.light * look.swing ** math.sin(0.8 * time + phase)
        picture = cv2.LUT(cv2.convertScaleAbs(picture, alpha=light), tones)
        picture = cv2.addWeighted(picture, 1, grains[number % GRAINS], 1, -128)
        picture[:band], picture[height - band :] = 0, 0
        yield np.asarray(picture, np.uint8), np.array(boxes, np.float32).reshape(-1, 4)


def _pass_by(picture: Picture, time: float) -> None:
    """Something dark crosses the picture in a second and a half, every six seconds."""
    height, width = picture.shape[:2]
    broad = round(0.08 * width)  # a broader one would be taken for a cut
    left = round((time % 6 / 1.5 - 0.08) * width)
    cv2.rectangle(picture, (left, 0), (left + broad, height), (40, 36, 34), -1)


def _tones(colour: Colour) -> Picture:
    """The RGB of each grey value, uint8 (256, 3), so that the middle has this colour."""
    share = np.arange(256)[:, None] / 255
    middle = np.clip(np.array(colour) / 255, 0.05, 0.95)
    return np.asarray((255 * share ** (np.log(middle) / np.log(0.5))).round(), np.uint8)


def _darkened(gamma: float) -> Picture:
    return np.asarray((255 * (np.arange(256) / 255) ** gamma).round(), np.uint8)


def _head() -> Picture:
    """How much of a portrait is head, uint8 (SIDE, SIDE, 1): what is beyond is its old wall."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(mask, (SIDE // 2, 80), (54, 72), 0, 0, 360, 255, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 4), np.uint8)[..., None]


def _body(skin: Colour, cloth: Colour) -> Picture:
    """Neck and shoulders, uint8 RGBA."""
    body = np.zeros((BODY[1], BODY[0], 4), np.uint8)
    middle, bottom = BODY[0] // 2, BODY[1]
    neck = [0.75 * channel for channel in skin]
    cv2.rectangle(body, (middle - 26, 130), (middle + 26, 200), [*neck, 255], -1)
    cv2.ellipse(body, (middle, bottom), (112, 88), 0, 180, 360, [*cloth, 255], -1)
    return body


def _wall(look: Look, rng: np.random.Generator) -> Picture:
    """The background: its colour, patterned coarsely and finely, lit from one side."""
    width, height = look.size
    pattern = np.zeros((height, width), np.float32)
    for cells in (6, 18):
        coarse = rng.normal(0, look.texture / 2, (cells, cells)).astype(np.float32)
        pattern += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    pattern += np.linspace(-12, 12, width, dtype=np.float32) * rng.choice([-1, 1])
    coloured = pattern[..., None] + np.array(look.wall, np.float32)
    return np.asarray(np.clip(coloured, 0, 255), np.uint8)
