"""Spoils some faces of a sequence, in the ways in which videos spoil them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Crops = NDArray[np.uint8]

BLOCK = 10  # samples, of which
FEWEST, MOST = 1, 6  # are spoilt,
IN_A_RUN = 0.7  # mostly one after the other


class Corrupted(NamedTuple):
    """A sequence of n faces: the `spoilt` (n,) were changed; those not `seen` (n,) are lost.

    crops: uint8 (n, S, S, 3); those not spoilt are what they were.
    """

    crops: Crops
    spoilt: NDArray[np.bool_]
    seen: NDArray[np.bool_]


def corrupt(crops: Crops, kind: str, stranger: Crops, rng: np.random.Generator) -> Corrupted:
    """Spoil one to six faces of every ten in one of the ways of `KINDS`.

    crops: uint8 (n, S, S, 3) RGB. stranger: some faces of somebody else, uint8 (m, S, S, 3).
    """
    spoilt = spoilt_samples(len(crops), rng)
    seen = ~spoilt if kind == "missing" else np.ones(len(crops), bool)
    changed = crops.copy()
    if kind == "wrong face":
        start = rng.integers(len(stranger))
        changed[spoilt] = stranger[(start + np.arange(spoilt.sum())) % len(stranger)]
    elif kind in _CHANGES:
        changed[spoilt] = _CHANGES[kind](crops[spoilt], rng)
    return Corrupted(changed, spoilt, seen)


def spoilt_samples(count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which of `count` samples are spoilt: at least one."""
    spoilt = np.zeros(count, bool)
    for start in range(0, count, BLOCK):
        length = min(BLOCK, count - start)
        some = -(-int(rng.integers(FEWEST, MOST + 1)) * length // BLOCK)
        if rng.random() < IN_A_RUN:
            first = start + int(rng.integers(length - some + 1))
            spoilt[first : first + some] = True
        else:
            spoilt[start + rng.choice(length, some, replace=False)] = True
    return spoilt


def _blurred(crops: Crops, rng: np.random.Generator) -> Crops:
    """Out of focus, or smeared by movement in one direction."""
    side = crops.shape[1]
    if rng.random() < 0.5:
        sigma = side * rng.uniform(0.03, 0.07)
        return np.stack([cv2.GaussianBlur(crop, (0, 0), sigma) for crop in crops])
    reach = side * rng.uniform(0.07, 0.17)
    angle = rng.uniform(0, np.pi)
    middle = round(reach) + 1
    end = reach * np.array([np.cos(angle), np.sin(angle)])
    start, stop = (np.rint(middle + sign * end).astype(int).tolist() for sign in (-1, 1))
    kernel = np.zeros((2 * middle + 1, 2 * middle + 1), np.float32)
    cv2.line(kernel, start, stop, 1.0, thickness=1)
    kernel /= kernel.sum()
    return np.stack([cv2.filter2D(crop, -1, kernel) for crop in crops])


def _darkened(crops: Crops, rng: np.random.Generator) -> Crops:
    """Hardly any light, and the noise of a sensor."""
    dark = crops * rng.uniform(0.04, 0.2) + rng.normal(0, rng.uniform(2, 6), crops.shape)
    return np.clip(dark, 0, 255).astype(np.uint8)


def _covered(crops: Crops, rng: np.random.Generator) -> Crops:
    """A hand or a thing before the face, moving a little."""
    side = crops.shape[1]
    covered = crops.copy()
    size = side * rng.uniform(0.2, 0.32)
    place = side * np.array([rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.8)])
    is_hand = rng.random() < 0.5
    if is_hand:
        skin = np.median(crops[:, side // 3 : -side // 3, side // 3 : -side // 3], axis=(0, 1, 2))
        colour = skin * rng.uniform(0.6, 1.2)
    else:
        colour = np.repeat(rng.uniform(0, 255), 3)
    lean = rng.uniform(-0.6, 0.6)
    for crop in covered:
        place = place + rng.normal(0, 0.02 * side, 2)
        mask = _hand(side, place, size, lean) if is_hand else _thing(side, place, size)
        shade = np.linspace(0.85, 1.1, side)[:, None, None] * rng.normal(1, 0.03, crop.shape)
        crop[mask] = np.clip(colour * shade, 0, 255).astype(np.uint8)[mask]
    return covered


def _hand(side: int, place: NDArray[np.float64], size: float, lean: float) -> NDArray[np.bool_]:
    """A palm with four fingers upwards."""
    mask = np.zeros((side, side), np.uint8)
    x, y = place
    axes = (round(0.8 * size), round(size))
    cv2.ellipse(mask, (round(x), round(y)), axes, np.degrees(lean), 0, 360, 1, -1)
    for finger in (-0.45, -0.15, 0.15, 0.45):
        angle = lean + finger
        tip = (round(x + 2.2 * size * np.sin(angle)), round(y - 2.2 * size * np.cos(angle)))
        cv2.line(mask, (round(x), round(y)), tip, 1, thickness=max(1, round(0.35 * size)))
    return mask.astype(bool)


def _thing(side: int, place: NDArray[np.float64], size: float) -> NDArray[np.bool_]:
    mask = np.zeros((side, side), bool)
    left, top = np.rint(place - size).astype(int).clip(0)
    right, bottom = np.rint(place + size).astype(int)
    mask[top:bottom, left:right] = True
    return mask


def _compressed(crops: Crops, rng: np.random.Generator) -> Crops:
    """Few pixels, and few bytes for these."""
    side = crops.shape[1]
    few = round(side * rng.uniform(0.18, 0.4))
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(4, 20))]
    changed = np.empty_like(crops)
    for crop, result in zip(crops, changed, strict=True):
        small = cv2.resize(crop, (few, few), interpolation=cv2.INTER_AREA)
        decoded = cv2.imdecode(cv2.imencode(".jpg", small, quality)[1], cv2.IMREAD_COLOR)
        result[:] = cv2.resize(decoded, (side, side), interpolation=cv2.INTER_LINEAR)
    return changed


def _shifted(crops: Crops, rng: np.random.Generator) -> Crops:
    """Cut out at a wrong place, as where landmarks are wrong."""
    side = crops.shape[1]
    middle = ((side - 1) / 2, (side - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, rng.uniform(-25, 25), rng.uniform(0.7, 1.5))
    direction = rng.uniform(0, 2 * np.pi)
    move = side * rng.uniform(0.15, 0.4) * np.array([np.cos(direction), np.sin(direction)])
    changed = np.empty_like(crops)
    for crop, result in zip(crops, changed, strict=True):
        matrix[:, 2] += move + rng.normal(0, 0.02 * side, 2)
        result[:] = cv2.warpAffine(crop, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        matrix[:, 2] -= move
    return changed


_CHANGES: dict[str, Callable[[Crops, np.random.Generator], Crops]] = {
    "blur": _blurred,
    "darkness": _darkened,
    "occlusion": _covered,
    "compression": _compressed,
    "shift": _shifted,
}

KINDS = (*_CHANGES, "wrong face", "missing")
"""The ways in which a face is spoilt; "missing" loses it."""
