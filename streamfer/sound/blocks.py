"""Cuts sound into blocks of four seconds that lie fixed on the clock.

A block holds whole samples, hops of the mel spectrogram, frames of the speech detector and ticks
of any sampling rate, so each is computed alone and gives the same wherever reading began. It
needs no more memory for a long sound than for a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamfer.media.audio import Stretch

BLOCK_S = 4


@dataclass(frozen=True)
class Block:
    """The sound from second `number` x 4 on, for four seconds, and some on both sides.

    `mono` (the mean of the channels), `power` (the mean of their squares) and `heard` (whether
    there is sound) have `context` samples, four seconds, and `context` samples. Where there is
    no sound they are zero.
    """

    number: int
    rate: int
    context: int
    mono: NDArray[np.float32]
    power: NDArray[np.float32]
    heard: NDArray[np.bool_]

    @property
    def own(self) -> slice:
        """The four seconds without what is on their sides."""
        return slice(self.context, self.context + BLOCK_S * self.rate)


def cut_blocks(stretches: Iterable[Stretch], context_at: Callable[[int], int]) -> Iterator[Block]:
    """The blocks in which there is sound, in order.

    `context_at` gives the samples on each side for a rate, at most half a block.
    """
    pending: list[Block] = []
    for stretch in stretches:
        context = context_at(stretch.rate)
        length = BLOCK_S * stretch.rate
        samples, channels = stretch.samples, np.float32(len(stretch.samples))
        mono = samples.sum(axis=0) / channels
        power = np.einsum("cn,cn->n", samples, samples) / channels
        first = (stretch.start - context) // length
        last = (stretch.start + len(mono) - 1 + context) // length
        while pending and pending[0].number < first:
            yield from _if_heard(pending.pop(0))
        for number in range(first, last + 1):
            if not pending or pending[-1].number < number:
                pending.append(_empty(number, stretch.rate, context))
        for block in pending:
            _write(block, stretch.start, mono, power)
    for block in pending:
        yield from _if_heard(block)


def _empty(number: int, rate: int, context: int) -> Block:
    samples = context + BLOCK_S * rate + context
    mono, power = np.zeros((2, samples), np.float32)
    return Block(number, rate, context, mono, power, np.zeros(samples, bool))


def _write(block: Block, start: int, mono: NDArray[np.float32], power: NDArray[np.float32]) -> None:
    offset = block.number * BLOCK_S * block.rate - block.context
    begin, end = max(start, offset), min(start + len(mono), offset + len(block.mono))
    if begin < end:
        to, of = slice(begin - offset, end - offset), slice(begin - start, end - start)
        block.mono[to] = mono[of]
        block.power[to] = power[of]
        block.heard[to] = True


def _if_heard(block: Block) -> Iterator[Block]:
    if block.heard[block.own].any():
        yield block
