"""What a person at the terminal sees while a run goes on. All of it goes to stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from streamfer.pipeline.progress import Progress as RunProgress

CONSOLE = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)

# Where nobody watches, a line now and then is enough for the log.
_LOG_EVERY_S = 30.0


def printable(text: object) -> str:
    """As text on one line: what a file's name may hold must not move or colour the screen."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text)
    )


def say(text: str, *, word: str = "", style: str = "") -> None:
    """Print a line, after `word` in a rich `style` if there is one."""
    CONSOLE.print(Text.assemble((word, style), " " if word else "", printable(text)))


def counted(number: int, thing: str) -> str:
    """1 video, 2 videos."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as a person writes them: 42 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class ProgressView:
    """Shows videos done, media done, speed as a multiple of real time, and time left."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._logged = self._started
        self._bar = Progress(
            BarColumn(bar_width=30),
            TextColumn("{task.description}"),
            console=CONSOLE,
            transient=True,
            disable=not CONSOLE.is_terminal,
        )
        self._task: TaskID = self._bar.add_task("Starting", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, progress: RunProgress) -> None:
        """Show how far the run has come."""
        now = time.monotonic()
        done = progress.media_done_s - progress.resumed_s
        if done <= 0:
            self._started = now  # the workers are still starting: that is no part of their speed
        speed = done / (now - self._started) if done > 0 else 0.0
        left = (progress.media_s - progress.media_done_s) / speed if speed > 0 else None
        line = (
            f"{progress.videos_done} of {progress.videos} videos, "
            f"{duration(progress.media_done_s)} of {duration(progress.media_s)} of media, "
            f"{speed:.1f} × real time"
        )
        if left is not None:
            line += f", {duration(left)} left"
        self._bar.update(
            self._task, description=line, total=progress.media_s, completed=progress.media_done_s
        )
        if not CONSOLE.is_terminal and now - self._logged >= _LOG_EVERY_S:
            self._logged = now
            say(line)
