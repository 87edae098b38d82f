"""Processor time and memory of a process and all that it has started."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from pathlib import Path

import psutil


def tree(pid: int | None = None) -> list[psutil.Process]:
    """A process (None: this one) and all below it; empty once it is gone."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def processor_seconds() -> float:
    """What this process and all below it have used so far; those that have ended do not count."""
    return sum(_used(process) for process in tree())


def processor_seconds_by_process(pid: int) -> dict[int, float]:
    """What a process and each of all below it have used so far, by their numbers."""
    return {process.pid: _used(process) for process in tree(pid)}


def _used(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _memory(pid: int) -> tuple[int, int]:
    """PSS, and the part of it that is mapped from files, in bytes; 0 of what has just ended."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = dict(re.findall(r"^(Pss|Pss_File): +(\d+) kB$", text, re.MULTILINE))
    return 1024 * int(found.get("Pss", 0)), 1024 * int(found.get("Pss_File", 0))


class MemoryWatch(threading.Thread):
    """Samples what belongs to a process (None: this one) and all below it.

    `peak` is the most memory (PSS) that all of them had at once, `root_peak` the most that the
    first alone had, and `written_peak` the most that all had without what is mapped from files,
    in bytes. PSS depends on who else has mapped the same libraries; what was written does not.
    `processor_s` is the processor time, by process, seen last.

    Reading PSS takes milliseconds a process, so it is not done often.
    """

    def __init__(self, pid: int | None = None, every_s: float = 5) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.root_peak = 0
        self.written_peak = 0
        self.processor_s: dict[int, float] = {}
        self._pid = pid
        self._every_s = every_s
        self._ended = threading.Event()

    def run(self) -> None:
        """Sample until told to stop."""
        while not self._ended.wait(self._every_s):
            held = {}
            for process in tree(self._pid):
                with suppress(psutil.Error, OSError):
                    held[process.pid] = _memory(process.pid)
                    self.processor_s[process.pid] = _used(process)
            proportional, files = ([pair[n] for pair in held.values()] for n in (0, 1))
            self.peak = max(self.peak, sum(proportional))
            self.root_peak = max(self.root_peak, *proportional[:1], 0)
            self.written_peak = max(self.written_peak, sum(proportional) - sum(files))

    def stop(self) -> None:
        """Sample no more."""
        self._ended.set()
        self.join()
