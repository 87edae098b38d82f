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
    return Listener(info, fps, first_tick, last_tick, detector).hear(first_tick, last_tick)


class Listener:
    """Listens to ticks first_tick <= k < last_tick (None: to the end), stretch by stretch.

    It reads on where it stopped, and keeps no more than the stretch asked for.
    """

    def __init__(
        self,
        info: MediaInfo,
        fps: int,
        first_tick: int,
        last_tick: int | None,
        detector: SpeechDetector,
    ) -> None:
        self._fps = fps
        self._detector = detector
        self._block_ticks = BLOCK_S * fps
        self._follows = max(first_tick // self._block_ticks - 1, 0)
        last_s = None if last_tick is None else Fraction(last_tick, fps) + _AHEAD_S
        self._reader = SoundReader(info, self._follows * BLOCK_S, last_s)
        self._blocks = cut_blocks(self._reader, context_at)
        self._state: State | None = None
        self._ticks = np.empty(0, np.int64)
        self._heard = _NOTHING

    def hear(self, first_tick: int, last_tick: int) -> Sound:
        """The sound of these ticks; neither end may lie before that of an earlier call."""
        ticks, heard = [self._ticks], [self._heard]
        while ticks[-1].max(initial=-1) < last_tick - 1:
            block = next(self._blocks, None)
            if block is None:
                break
            ticks.append(np.arange(self._block_ticks) + block.number * self._block_ticks)
            heard.append(self._sums(block))
        kept = slice(np.searchsorted(found := np.concatenate(ticks), first_tick), None)
        self._ticks = found[kept]
        self._heard = TickSums(*(np.concatenate(parts)[kept] for parts in zip(*heard, strict=True)))
        own = slice(np.searchsorted(self._ticks, last_tick))
        sums = TickSums(*(values[own] for values in self._heard))
        return Sound(self._ticks[own], sums, self._reader.stream, self._reader.errors)

    @property
    def description(self) -> str:
        """What the ledger says of what was heard so far."""
        return Sound(self._ticks, self._heard, self._reader.stream, self._reader.errors).description

    def _sums(self, block: Block) -> TickSums:
        if block.number != self._follows:
            self._state = None
        self._follows = block.number + 1
        sums, self._state = _hear(block, self._fps, self._detector, self._state)
        return sums


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
