"""What a file may ask of the machine, so that no video, malicious or broken, can take it.

What a header declares is checked before anything is planned. Headers lie, so decoding is held
to the same limits while it goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamfer.errors import InputError

# Seconds of media whose cost may come at once.
_SAVED_S = 1.0


@dataclass(frozen=True)
class Limits:
    """What one file may ask; a file that asks for more is refused, or stopped on its way.

    `max_pixels`: width x height of the picture as stored; 8K film. `max_fps`: pictures a
    second; the fastest pocket cameras have 960. `max_duration_s`: seconds; two days of a
    camera that never stops. `max_decode_ratio`: seconds of processor time that decoding a
    second of video may take; 60 pictures of 8K (HEVC) took one core 8.
    """

    max_pixels: int = 8192 * 4320
    max_fps: float = 1000.0
    max_duration_s: float = 48 * 3600.0
    max_decode_ratio: float = 100.0

    def check_picture(self, width: int, height: int) -> None:
        """Raises InputError for a picture that is too large."""
        if width * height > self.max_pixels:
            found = f"The picture has {width} x {height} pixels"
            raise _exceeded(found, f"{self.max_pixels} pixels", "max_pixels")

    def check_rate(self, fps: float) -> None:
        """Raises InputError for too many pictures a second; nan is no rate."""
        if fps > self.max_fps:
            found = f"Its header declares {fps:g} pictures a second"
            raise _exceeded(found, f"{self.max_fps:g}", "max_fps")

    def check_duration(self, seconds: float) -> None:
        """Raises InputError for a video that is too long."""
        if seconds > self.max_duration_s:
            found = f"It lasts {seconds / 3600:,.1f} hours"
            raise _exceeded(found, f"{self.max_duration_s / 3600:g} hours", "max_duration_s")


class Meter:
    """Holds the decoding of one stretch of a stream to the limits while it goes on.

    Media time earns what pictures and processor time spend. No more than a second's worth is
    ever saved, and at first: so leaps of the timestamps buy nothing, and the outcome follows
    from the file (of pictures), or lies far above any noise (of processor time).
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pictures = _SAVED_S
        self._work = _SAVED_S
        self._covered_s = 0.0
        self._last_s: float | None = None

    def packet(self, time_s: float) -> None:
        """Count a packet that is to be decoded at `time_s`, seconds from anywhere.

        Raises InputError where there are too many, or too much is covered by them.
        """
        past_s = 0.0 if self._last_s is None else time_s - self._last_s
        earned_s = min(max(past_s, 0.0), _SAVED_S)
        self._last_s = time_s
        self._covered_s += earned_s
        self._work = min(self._work + earned_s, _SAVED_S)
        self._pictures = min(self._pictures + earned_s, _SAVED_S) - 1 / self._limits.max_fps
        if self._pictures < 0:
            limit = f"{self._limits.max_fps:g}"
            raise _exceeded("It holds more pictures a second than it may", limit, "max_fps")
        self._limits.check_duration(self._covered_s)

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Count the processor time of this thread. Raises InputError where it is too much."""
        begun = time.thread_time()
        try:
            yield
        finally:
            self._work -= (time.thread_time() - begun) / self._limits.max_decode_ratio
            if self._work < 0:  # in place of the decoder's error, too
                limit = f"{self._limits.max_decode_ratio:g} s for each second of video"
                raise _exceeded("Decoding it takes too long", limit, "max_decode_ratio")


def _exceeded(found: str, limit: str, name: str) -> InputError:
    return InputError(
        f"{found}; the limit is {limit}. If you trust this file, raise {name} in the [execution] "
        "table of a --config file and run again with --retry-failed."
    )
