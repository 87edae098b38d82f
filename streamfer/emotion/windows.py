"""The grid of windows, and what was seen of each face in each of them.

Time is counted in ticks, so the arithmetic is exact: window w covers the ticks
[w · stride_ticks, w · stride_ticks + window_ticks). The grid is fixed to tick 0 of the video,
never to where a face appeared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Gaps
from streamfer.emotion.gaps import stand_ins


@dataclass(frozen=True)
class Observations:
    """Sampled faces, one a row, in any order; a track has at most one at a tick.

    `track` and `tick` are whole numbers (n,), `embeddings` float32 (n, 512), `probabilities`
    float32 (n, 7). A face with a number that is not finite counts as not seen.
    """

    track: NDArray[np.int32]
    tick: NDArray[np.int32]
    embeddings: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Which of the faces count as seen: (n,)."""
        finite = np.ones(len(self.tick), bool)
        for numbers in (self.embeddings, self.probabilities):
            finite &= np.isfinite(numbers).all(axis=1)
        return finite


class WindowSound(NamedTuple):
    """What is heard in each of W windows.

    `mel` float32 (W, 128): means, then standard deviations, of 64 log-mel bands. `heard`
    float32 (W,): the share of the window that has sound, 0 to 1; where it is 0, so is `mel`.
    """

    mel: NDArray[np.float32]
    heard: NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """W windows of single tracks, sorted by track and window, as T samples each.

    T is the window's ticks and `context_ticks` more on either side. In `present` (W, T) samples
    the face is seen: at least once in every window, outside the context. In `usable` (W, T)
    samples it is seen, or another stands in for it; `index` (W, T) is the row of the observation
    that is used there, and means nothing elsewhere.
    """

    track: NDArray[np.int32]
    window: NDArray[np.int64]
    index: NDArray[np.int64]
    present: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    context_ticks: int
    observations: Observations
    sound: WindowSound | None = None

    @classmethod
    def concatenate(cls, parts: Sequence[Windows]) -> Windows:
        """The windows of all parts, in their order, with tracks numbered as they were.

        Parts have the same T and context, and all have sound or none has. There is at least one.
        """
        seen = [part.observations for part in parts]
        rows_before = np.cumsum([0, *(len(one.tick) for one in seen[:-1])])
        sounds = [part.sound for part in parts if part.sound is not None]
        return cls(
            track=np.concatenate([part.track for part in parts]),
            window=np.concatenate([part.window for part in parts]),
            index=np.concatenate(
                [part.index + row for part, row in zip(parts, rows_before, strict=True)]
            ),
            present=np.concatenate([part.present for part in parts]),
            usable=np.concatenate([part.usable for part in parts]),
            context_ticks=parts[0].context_ticks,
            observations=Observations(
                np.concatenate([one.track for one in seen]),
                np.concatenate([one.tick for one in seen]),
                np.concatenate([one.embeddings for one in seen]),
                np.concatenate([one.probabilities for one in seen]),
            ),
            sound=WindowSound(*map(np.concatenate, zip(*sounds, strict=True))) if sounds else None,
        )

    def where(self, chosen: NDArray[np.bool_ | np.integer]) -> Windows:
        """The windows for which `chosen` (W,) is true, or those whose numbers it has."""
        return replace(
            self,
            track=self.track[chosen],
            window=self.window[chosen],
            index=self.index[chosen],
            present=self.present[chosen],
            usable=self.usable[chosen],
            sound=self.sound and WindowSound(self.sound.mel[chosen], self.sound.heard[chosen]),
        )

    def filled(self, gaps: Gaps, hold_ticks: int) -> Windows:
        """The same windows, with this policy for their gaps; see `streamfer.emotion.gaps`."""
        source = stand_ins(self.present, gaps, hold_ticks)
        index = np.take_along_axis(self.index, source.clip(min=0), axis=1)
        return replace(self, index=index, usable=source >= 0)

    def __len__(self) -> int:
        return len(self.window)

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """float32 (W, T, 512), 0 where the sample is not usable."""
        return self._samples(self.observations.embeddings)

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """float32 (W, T, 7), 0 where the sample is not usable."""
        return self._samples(self.observations.probabilities)

    @property
    def faces(self) -> NDArray[np.int64]:
        """In how many ticks of the window proper the face is present: (W,), at least 1."""
        count: NDArray[np.int64] = self.present[:, self.proper].sum(axis=1)
        return count

    def mean(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The mean over those ticks (W,) of a value given for each observation (n,)."""
        present = self.present[:, self.proper]
        samples = np.where(present, values[self.index[:, self.proper]], 0)
        mean: NDArray[np.float64] = samples.sum(axis=1, dtype=np.float64) / self.faces
        return mean

    @property
    def proper(self) -> slice:
        """The samples that are the window's own, without the context."""
        return slice(self.context_ticks, self.present.shape[1] - self.context_ticks)

    def _samples(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(self.usable[..., None], rows[self.index], np.float32(0))


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
    gaps: Gaps = "mask",
    hold_ticks: int = 0,
) -> Windows:
    """Lay the observations of any number of tracks out by window.

    Only those of `windows` are given in which a face was seen at least once in the window
    proper; neither the context nor what fills a gap counts. `gaps` and `hold_ticks` say how
    gaps are filled, from the samples of the window and its context alone.
    """
    rows = np.flatnonzero(observations.finite)
    tick = observations.tick[rows].astype(np.int64)
    track_values, track = np.unique(observations.track[rows], return_inverse=True)
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
    position = order[np.searchsorted(key[order], wanted_key).clip(max=len(key) - 1)]
    present = (first <= wanted) & (wanted <= last) & (key[position] == wanted_key)
    return Windows(
        track=track_values[track],
        window=window,
        index=rows[position],
        present=present,
        usable=present,
        context_ticks=context_ticks,
        observations=observations,
    ).filled(gaps, hold_ticks)
