"""A block of sound at 16 kHz, the rate that the speech detector and the mel bands are made for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from streamfer.sound.blocks import BLOCK_S, Block
from streamfer.sound.torchaudio_functional import functional

RATE = 16_000
SAMPLES = BLOCK_S * RATE
MARGIN = 256
# torchaudio makes as many filters as the ratio's denominator says; the usual rates need at most
# 640. Odd ones are approximated: a block is stretched by no more than 3 ms, and the next one
# begins in its place again.
_FILTERS = 640


@dataclass(frozen=True)
class Wave:
    """A block at 16 kHz: `samples`, and whether each is sound (`heard`).

    `MARGIN` samples, the block's own `SAMPLES`, and `MARGIN` samples.
    """

    samples: NDArray[np.float32]
    heard: NDArray[np.bool_]


def context_at(rate: int) -> int:
    """Samples on each side that a block of some rate needs to be resampled, at least 20 ms."""
    step = _step(rate).numerator
    return math.ceil(rate / (50 * step)) * step


def resample(block: Block) -> Wave:
    """A block at 16 kHz, by torchaudio's windowed sinc."""
    step = _step(block.rate)
    mono = torch.from_numpy(block.mono)
    samples = functional.resample(mono, step.numerator, step.denominator).numpy()
    begin = block.context // step.numerator * step.denominator - MARGIN
    nearest = block.context + np.arange(-MARGIN, SAMPLES + MARGIN) * block.rate // RATE
    return Wave(samples[begin : begin + len(nearest)], block.heard[nearest])


def _step(rate: int) -> Fraction:
    """Samples of a rate for each sample at 16 kHz."""
    return Fraction(rate, RATE).limit_denominator(_FILTERS)
