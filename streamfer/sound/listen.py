"""Listens to a stretch of a video: from its file to sums for each tick.

Blocks are heard one after the other, and only their sums are kept. The speech detector starts
anew after a block without sound, and a block before the one that holds the first tick: what it
says depends on all that it heard before, but little on what was more than a few seconds ago.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamfer.media.audio import SoundReader
from streamfer.media.probe import MediaInfo
from streamfer.sound.blocks import BLOCK_S, Block, cut_blocks
from streamfer.sound.mel import BANDS, HOP, log_mel
from streamfer.sound.sound import Sound, TickSums
from streamfer.sound.speech import FRAME, SpeechDetector, State
from streamfer.sound.wave import MARGIN, RATE, SAMPLES, context_at, resample

# The mel bands and the speech detector look less far ahead than this.
_AHEAD_S = 1
_SPEECH = 0.5
_NOTHING = TickSums(*np.empty((4, 0)), *np.empty((2, 0, BANDS)))


def listen(
    info: MediaInfo, fps: int, first_tick: int, last_tick: int, detector: SpeechDetector
) -> Sound:
    """The sound of ticks first_tick <= k < last_tick, `fps` (at most 100) a second.

    Raises InputError where the file can no longer be opened; a file without sound gives an empty
    `Sound`, and what is damaged in it is counted.
    """
    block_ticks = BLOCK_S * fps
    run_up = max(first_tick // block_ticks - 1, 0)
    reader = SoundReader(info, run_up * BLOCK_S, Fraction(last_tick, fps) + _AHEAD_S)
    blocks, heard = [np.empty(0, np.int64)], [_NOTHING]
    state: State | None = None
    follows = run_up
    for block in cut_blocks(reader, context_at):
        if block.number != follows:
            state = None
        follows = block.number + 1
        sums, state = _hear(block, fps, detector, state)
        blocks.append(np.arange(block.number * block_ticks, (block.number + 1) * block_ticks))
        heard.append(sums)
    ticks = np.concatenate(blocks)
    own = slice(*np.searchsorted(ticks, [first_tick, last_tick]))
    sums = TickSums(*(np.concatenate(parts)[own] for parts in zip(*heard, strict=True)))
    return Sound(ticks[own], sums, reader.stream, reader.errors)


def _hear(
    block: Block, fps: int, detector: SpeechDetector, state: State | None
) -> tuple[TickSums, State]:
    """The sums of a block, and the state that the detector is left in."""
    wave = resample(block)
    probabilities, state = detector.detect(wave, state)
    speech = np.repeat(probabilities > _SPEECH, FRAME) & wave.heard[MARGIN : MARGIN + SAMPLES]
    mel, whole = log_mel(wave)
    mel[~whole] = 0
    samples, waves = _edges(block.rate, fps), _edges(RATE, fps)
    frames = _edges(RATE // HOP, fps, centred=True)
    return TickSums(
        sound_s=_by_tick(block.heard[block.own], samples) / block.rate,
        energy=_by_tick(block.power[block.own], samples) / block.rate,
        speech_s=_by_tick(speech, waves) / RATE,
        mel_frames=_by_tick(whole, frames),
        mel=_by_tick(mel, frames),
        mel_squares=_by_tick(np.square(mel, dtype=np.float64), frames),
    ), state


def _edges(rate: int, fps: int, *, centred: bool = False) -> NDArray[np.int64]:
    """Where each tick of a block begins among values at `rate` Hz.

    Value n lies at n / rate seconds, or if `centred` at (n + 1/2) / rate.
    """
    halves = 2 * rate * np.arange(BLOCK_S * fps) - fps * centred
    return -(-halves // (2 * fps))


def _by_tick(values: NDArray[Any], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums (ticks, ...) of values (N, ...), at least one a tick."""
    return np.add.reduceat(values, edges, axis=0, dtype=np.float64)
