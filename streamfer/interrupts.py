"""Ctrl-C: the first ends a run in good order, the second at once.

SIGTERM, by which a batch system asks a run to end, counts as the same. The first raises
KeyboardInterrupt, but not in the middle of what others rely on being whole, such as putting a
run's tables in place: that is done in `uninterrupted`, and the signal waits for its end. The
second needs nothing of the main thread, which may be deep in Ray, or in a disk that does not
answer.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""Exit code of a process that was asked to end."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h\n"


class _State:
    """Of the process: whether a signal has come, and how many `uninterrupted` are open."""

    asked = False
    shielded = 0


def _ask(_signal: int, _frame: FrameType | None) -> None:
    first, _State.asked = not _State.asked, True
    if first and not _State.shielded:
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Within, the first signal waits; for the main thread, and to be left soon."""
    _State.shielded += 1
    try:
        yield
    finally:
        _State.shielded -= 1
    if _State.asked and not _State.shielded:
        raise KeyboardInterrupt


def retake() -> None:
    """Put Python's handlers back before those that a library has set, or removed, in C."""
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            signal.signal(number, signal.getsignal(number))


@contextmanager
def handled() -> Iterator[None]:
    """Within, signals are handled as said above; once one has come, to the process's end."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    atexit.register(_ignore)  # it runs last of all, being the first
    before = {number: signal.signal(number, _ask) for number in _SIGNALS}
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_leave_at_the_second, args=(reader,), daemon=True).start()
    try:
        yield
    finally:
        if not _State.asked:
            atexit.unregister(_ignore)
            signal.set_wakeup_fd(-1)
            os.close(writer)
            for number, handler in before.items():
                signal.signal(number, handler)


def _ignore() -> None:
    """Python sets signals back as it ends: then one would end it with another exit code."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _leave_at_the_second(reader: int) -> None:
    """Count the signals, whose numbers come as bytes, until the pipe is closed."""
    with open(reader, "rb", buffering=0) as numbers:
        seen = 0
        while number := numbers.read(1):
            seen += number[0] in _SIGNALS
            if seen == 2:
                if sys.stderr.isatty():
                    os.write(sys.stderr.fileno(), _SHOW_CURSOR)  # a progress bar hides it
                os._exit(INTERRUPTED)
