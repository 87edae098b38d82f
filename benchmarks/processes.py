"""Processor time and memory of this process and all that it has started."""

from __future__ import annotations

import threading
from contextlib import suppress

import psutil


def tree() -> list[psutil.Process]:
    """This process and all below it."""
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


def processor_seconds() -> float:
    """What all of them have used so far; those that have ended no longer count."""
    total = 0.0
    for process in tree():
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


class MemoryWatch(threading.Thread):
    """Samples the memory that belongs to all of them (PSS); `peak` is in bytes.

    Reading it takes milliseconds a process, so it is done every five seconds only.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._ended = threading.Event()

    def run(self) -> None:
        """Sample until told to stop."""
        while not self._ended.wait(5):
            total = 0
            for process in tree():
                with suppress(psutil.Error):
                    total += process.memory_full_info().pss
            self.peak = max(self.peak, total)

    def stop(self) -> None:
        """Sample no more."""
        self._ended.set()
        self.join()
