"""Which frame serves which tick.

Tick k is at k / fps seconds. A frame belongs to the tick nearest to it (half-way between two:
the earlier), and a tick is served by the nearest of its frames (two equally near: the
earlier). So a frame serves at most one tick and lies within half a tick of it. Everything is
counted in whole numbers: no rounding can move a frame across an edge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")

# Packets read ahead of the decoder at most: a tick at 240 frames a second, and the reordering
# of 16 frames that H.264 and HEVC allow.
_LOOK_AHEAD = 64
# Ticks whose best frame is remembered: far more than frames are reordered by.
_REMEMBERED = 256


@dataclass(frozen=True)
class Grid:
    """The ticks of one stream: PTS count `time_base` seconds, the clock's zero is `origin`."""

    fps: int
    time_base: Fraction
    origin: Fraction
    _scale: tuple[int, int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # A PTS lies (PTS * step - zero) / unit ticks after tick 0.
        step, zero = self.time_base * self.fps, self.origin * self.fps
        unit = step.denominator * zero.denominator
        object.__setattr__(self, "_scale", (int(step * unit), int(zero * unit), unit))

    def place(self, pts: int) -> tuple[int, int]:
        """The tick that a PTS belongs to, and its distance from it in some constant unit."""
        step, zero, unit = self._scale
        position = pts * step - zero
        tick = -((unit - 2 * position) // (2 * unit))
        return tick, abs(position - tick * unit)


def nearest_frames(
    frames: Iterable[tuple[int, T]], grid: Grid, first_tick: int, last_tick: int | None
) -> Iterator[tuple[int, int, T]]:
    """Choose one `(tick, pts, frame)` a tick from `(pts, frame)` in order of presentation.

    For ticks first_tick <= k < last_tick (None: to the end); takes no more frames than it
    needs to know them. A frame that comes after one of a later tick serves none (its
    timestamp is broken).
    """
    chosen: tuple[int, int, T] | None = None
    chosen_distance = 0
    newest = first_tick
    for pts, frame in frames:
        tick, distance = grid.place(pts)
        if tick < newest:
            continue
        if chosen is not None and tick > newest:
            yield chosen
            chosen = None
        newest = tick
        if last_tick is not None and tick >= last_tick:
            return
        if chosen is None or distance < chosen_distance:
            chosen, chosen_distance = (tick, pts, frame), distance
    if chosen is not None:
        yield chosen


def believable_frames(
    frames: Iterable[tuple[int, T]], leap: int, far: int
) -> Iterator[tuple[int, T, bool]]:
    """Say of each `(pts, frame)` whether its timestamp can be true: one may be wild.

    It is where it lies more than `leap` after the frame before, or is the first, and the next
    one goes back by more than `leap`; and where nothing comes after it and it lies more than
    `far` after the one before. One frame is held back for that.
    """
    held: tuple[int, T] | None = None
    last: int | None = None
    for pts, frame in frames:
        if held is not None:
            goes_on = pts > held[0] - leap
            yield *held, goes_on
            last = held[0] if goes_on else last
            held = None
        if last is None or pts > last + leap:
            held = pts, frame
        else:
            yield pts, frame, True
            last = pts
    if held is not None:
        yield *held, last is None or held[0] <= last + far


def needed_packets(
    packets: Iterable[tuple[int | None, int | None, T]],
    grid: Grid,
    first_tick: int,
    last_tick: int | None,
) -> Iterator[tuple[T, bool]]:
    """Say of each packet `(pts, dts, packet)`, in its order, whether its frame may be chosen.

    False only where the packet's tick is not asked for, or another packet that has been seen
    serves that tick better: so leaving out the frames of the others never changes what
    `nearest_frames` chooses. Reads ahead until the DTS (no later packet is presented before
    it) passes the tick, and never more than `_LOOK_AHEAD` packets. After a packet without
    PTS all are needed.
    """
    waiting: deque[tuple[int, tuple[int, int], T]] = deque()
    best: dict[int, tuple[int, int]] = {}
    untimed = False

    def decide() -> tuple[T, bool]:
        tick, rank, packet = waiting.popleft()
        asked = first_tick <= tick and (last_tick is None or tick < last_tick)
        return packet, untimed or (asked and rank <= best.get(tick, rank))

    for pts, dts, packet in packets:
        untimed = untimed or pts is None
        tick, distance = grid.place(pts or 0)
        rank = (distance, pts or 0)
        waiting.append((tick, rank, packet))
        best[tick] = min(rank, best.get(tick, rank))
        if len(best) > _REMEMBERED:
            del best[next(iter(best))]
        passed = tick if dts is None else grid.place(dts)[0]
        while waiting and (len(waiting) > _LOOK_AHEAD or untimed or waiting[0][0] < passed):
            yield decide()
    while waiting:
        yield decide()
