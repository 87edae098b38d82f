"""What was heard in a stretch of video, tick by tick, and in any window of ticks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLOOR_DBFS = -120.0


class TickSums(NamedTuple):
    """Sums over the sound in each of some ticks; tick k covers [k / fps, (k + 1) / fps) s.

    `sound_s` (N,): seconds that have sound. `energy` (N,): the mean of the channels' squares
    (full scale is 1) x seconds. `speech_s` (N,): seconds of speech. `mel_frames` (N,): frames
    of the log-mel spectrogram; `mel` and `mel_squares` (N, 64): their sum, and that of squares.
    """

    sound_s: NDArray[np.float64]
    energy: NDArray[np.float64]
    speech_s: NDArray[np.float64]
    mel_frames: NDArray[np.float64]
    mel: NDArray[np.float64]
    mel_squares: NDArray[np.float64]


class SoundWindows(NamedTuple):
    """Columns, one row a window.

    `sound_s`: seconds of the window that have sound. `loudness_dbfs`: level of the mean power
    of all channels over that time; 0 is a full-scale square wave, so a full-scale sine has
    -3.01; -120 and less is silence. `speech`: share of that time with speech, 0 to 1. Both are
    NaN where there is no sound. `mel` float32 (W, 128): 64 means of log-mel, then 64 standard
    deviations; zeros where there is no sound.
    """

    sound_s: NDArray[np.float64]
    loudness_dbfs: NDArray[np.float64]
    speech: NDArray[np.float64]
    mel: NDArray[np.float32]


@dataclass(frozen=True)
class Sound:
    """The sound of a stretch of video.

    `ticks` (N,) are the numbers, rising, of those that `sums` are of; all others are without
    sound. `stream` tells in words which sound it is, or why there is none; `errors` is the
    number of damaged packets and frames.
    """

    ticks: NDArray[np.int64]
    sums: TickSums
    stream: str
    errors: int

    @property
    def description(self) -> str:
        """What the ledger says of it."""
        if not self.errors:
            return self.stream
        pieces = "piece" if self.errors == 1 else "pieces"
        return f"{self.stream}, {self.errors} damaged {pieces} skipped"

    def windows(self, first_ticks: ArrayLike, window_ticks: int) -> SoundWindows:
        """The sound in windows of `window_ticks` that begin at `first_ticks` (W,).

        What lies outside of the stretch counts as without sound.
        """
        begins = np.asarray(first_ticks, np.int64)
        edges = np.searchsorted(self.ticks, np.stack([begins, begins + window_ticks], axis=1))
        sums = TickSums(*(_summed(values, edges) for values in self.sums))
        with np.errstate(invalid="ignore", divide="ignore"):
            # Seconds of sound and of speech are counted at different rates.
            speech = np.minimum(sums.speech_s / sums.sound_s, 1)
            loudness = 10 * np.log10(sums.energy / sums.sound_s)
        frames = np.maximum(sums.mel_frames, 1)[:, None]
        mean = sums.mel / frames
        deviation = np.sqrt(np.maximum(sums.mel_squares / frames - mean**2, 0))
        return SoundWindows(
            sound_s=sums.sound_s,
            loudness_dbfs=np.maximum(loudness, FLOOR_DBFS),
            speech=speech,
            mel=np.concatenate([mean, deviation], axis=1).astype(np.float32),
        )


def _summed(values: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = [values[begin:end].sum(axis=0) for begin, end in edges]
    return np.array(sums).reshape(len(edges), *values.shape[1:])
