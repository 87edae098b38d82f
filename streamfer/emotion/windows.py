"""The grid of windows, and what was seen of each face in each of them.

Time is counted in ticks, so the arithmetic is exact: window w covers the ticks
[w · stride_ticks, w · stride_ticks + window_ticks). The grid is fixed to tick 0 of the video,
never to where a face appeared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Observations:
    """Sampled faces, one a row, in any order; a track has at most one at a tick.

    `track` and `tick` are whole numbers (n,), `embeddings` float32 (n, 512), `probabilities`
    float32 (n, 7).
    """

    track: NDArray[np.int32]
    tick: NDArray[np.int32]
    embeddings: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """W windows of single tracks, sorted by track and window, as T samples each.

    T is the window's ticks and `context_ticks` more on either side. `index` (W, T) is the row
    of the observation at each tick; where `present` (W, T) is false there is none, and `index`
    is 0. In every window the face is present at least once outside the context.
    """

    track: NDArray[np.int32]
    window: NDArray[np.int64]
    index: NDArray[np.int64]
    present: NDArray[np.bool_]
    context_ticks: int
    observations: Observations

    def __len__(self) -> int:
        return len(self.window)

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """float32 (W, T, 512), 0 where the face is absent."""
        return self._samples(self.observations.embeddings)

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """float32 (W, T, 7), 0 where the face is absent."""
        return self._samples(self.observations.probabilities)

    @property
    def faces(self) -> NDArray[np.int64]:
        """In how many ticks of the window proper the face is present: (W,), at least 1."""
        count: NDArray[np.int64] = self.present[:, self._proper].sum(axis=1)
        return count

    def mean(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The mean over those ticks (W,) of a value given for each observation (n,)."""
        present = self.present[:, self._proper]
        samples = np.where(present, values[self.index[:, self._proper]], 0)
        mean: NDArray[np.float64] = samples.sum(axis=1, dtype=np.float64) / self.faces
        return mean

    @property
    def _proper(self) -> slice:
        return slice(self.context_ticks, self.present.shape[1] - self.context_ticks)

    def _samples(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(self.present[..., None], rows[self.index], np.float32(0))


def windows_starting_in(first_tick: int, last_tick: int, stride_ticks: int) -> range:
    """The windows w whose first tick lies in [first_tick, last_tick)."""
    return range(-(-first_tick // stride_ticks), -(-last_tick // stride_ticks))


def gather(
    observations: Observations,
    windows: range,
    *,
    window_ticks: int,
    stride_ticks: int,
    context_ticks: int = 0,
) -> Windows:
    """Lay the observations of any number of tracks out by window.

    Only those of `windows` are given in which a face was seen at least once in the window
    proper; the context does not count.
    """
    tick = observations.tick.astype(np.int64)
    track_values, track = np.unique(observations.track, return_inverse=True)
    # One number for each (track, tick), ascending by track and then by time.
    first, last = (int(tick.min()), int(tick.max())) if len(tick) else (0, 0)
    ticks_a_track = last - first + 1
    key = track * ticks_a_track + tick - first
    order = np.argsort(key)

    # A tick lies in the window that began last and in those still open.
    open_windows = -(-window_ticks // stride_ticks)
    window = tick[:, None] // stride_ticks - np.arange(open_windows)
    inside = (
        (tick[:, None] < window * stride_ticks + window_ticks)
        & (window >= windows.start)
        & (window < windows.stop)
    )
    pairs = np.stack([np.broadcast_to(track[:, None], window.shape)[inside], window[inside]], 1)
    pairs = np.unique(pairs, axis=0)
    track, window = pairs[:, 0], pairs[:, 1]

    samples = np.arange(-context_ticks, window_ticks + context_ticks)
    wanted = window[:, None] * stride_ticks + samples
    wanted_key = track[:, None] * ticks_a_track + wanted - first
    position = np.searchsorted(key[order], wanted_key).clip(max=len(key) - 1)
    index = order[position]
    present = (first <= wanted) & (wanted <= last) & (key[index] == wanted_key)
    return Windows(
        track=track_values[track],
        window=window,
        index=np.where(present, index, 0),
        present=present,
        context_ticks=context_ticks,
        observations=observations,
    )
