"""One driver per output in a store of objects, where no kernel watches over a lock: a lease.

A lease is an object `lock/<number>` that its holder rewrites every few seconds. The object with the
greatest number is the one that counts. It is free when its holder gave it back, or when a taker
has seen its content unchanged for a whole term, on the taker's own clock, which nobody sets and
which stands still while that machine sleeps: no driver reads another's clock, or the time of day.
A free lease is taken by creating the next number, which of two takers one can do.

No two hold it at once:
- A holder trusts a renewal for half a term after it began, on a clock that goes on while its
  machine sleeps; after that it renews before it writes. It renews by writing its own object and
  *then* looking whether that is still the one that counts.
- A taker creates the next object and *then* looks whether the old one is still as it was, or else
  withdraws. So of a holder that renews late and a taker, at least one sees the other; and a renewal
  that was seen by none began a whole term before the taker's object.

That rests on a store that shows what was written at once, and creates an object only where there
is none (S3, Google Cloud Storage and Azure do). A whole virtual machine that is stopped with its
clocks learns nothing of the time that passed: its driver may write for some seconds before its
next renewal tells it. So may a put that was under way when its driver was stopped. The rows of a
segment are the same whoever writes them, and tables that came from two runs differ in their run
ids, which `validate` and the next run see.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from upath import UPath

from streamfer.errors import FatalError, UsageError
from streamfer.store.objects import ObjectFolder

_LOG = logging.getLogger(__name__)

TERM_S = 30.0
"""How long a lease that is not renewed is held."""

# Goes on while the machine sleeps; where there is no such clock, the other one does.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class _Seen:
    """The object that counts, as it was read: the holder in its first line, or nothing at all."""

    number: int
    content: bytes

    @property
    def holder(self) -> str:
        return self.content.partition(b"\n")[0].decode(errors="replace")


class Lease:
    """The lease `path`, renewed by a thread until `release` or the death of the process.

    Raises UsageError, naming the holder's process and host, if another process has it. To learn
    that a holder is dead takes `TERM_S`.
    """

    def __init__(self, path: UPath) -> None:
        self._path = path
        self._folder = ObjectFolder(path)
        self._impatient = ObjectFolder(path)  # for what is tried again soon anyhow
        self._impatient.patience_s = 0
        self._token = uuid.uuid4().hex
        self._lost = False
        self._renewing = threading.Lock()
        self._ended = threading.Event()
        self._number, self._renewed_s = self._take()
        threading.Thread(target=self._keep, name="lease", daemon=True).start()

    def check(self) -> None:
        """Raise FatalError if another run holds the lease, or may."""
        if self._lost or time.clock_gettime(_ELAPSED) - self._renewed_s > TERM_S / 2:
            self._renew(self._folder)

    def release(self) -> None:
        """Let others have the lease at once. The object stays, so that numbers go on from it."""
        self._ended.set()
        with self._renewing, suppress(FatalError):  # else they have it after a term
            self._look(self._impatient)
            self._impatient.write(str(self._number), b"")

    def remove(self) -> None:
        """Remove the lease, which is still to be released."""
        self._ended.set()
        with self._renewing:
            self._look(self._folder)
            self._folder.remove(str(self._number))

    def _take(self) -> tuple[int, float]:
        """Become the holder: with which number, and since when."""
        while True:
            seen = self._newest(self._folder)
            if seen and seen.holder and not self._expires(seen):
                continue
            number = seen.number + 1 if seen else 1
            began_s = time.clock_gettime(_ELAPSED)
            if not self._folder.create(str(number), self._content()):
                continue
            if seen and self._read(self._folder, seen.number) != seen:
                self._folder.remove(str(number))
                continue
            for earlier in self._numbers(self._folder):
                if earlier < number:
                    self._folder.remove(str(earlier))
            return number, began_s

    def _expires(self, seen: _Seen) -> bool:
        """Whether a lease stays as it is for a term, or else was given back."""
        _LOG.warning(
            "%s is held by %s. Waiting up to %g s to see whether that run still lives.",
            self._path.parent,
            seen.holder,
            TERM_S,
        )
        end_s = time.monotonic() + TERM_S
        while time.monotonic() < end_s:
            time.sleep(TERM_S / 20)
            now = self._newest(self._folder)
            if now and now != seen and now.holder:
                raise UsageError(
                    f"{self._path.parent} is in use by another run ({now.holder}). Wait until "
                    "it ends, or stop it."
                )
            if now != seen:
                return False
        return True

    def _keep(self) -> None:
        while not self._ended.wait(TERM_S / 5) and not self._lost:
            with suppress(FatalError):  # `check` says it, if it lasts
                self._renew(self._impatient)

    def _renew(self, folder: ObjectFolder) -> None:
        with self._renewing:
            if self._ended.is_set():
                return
            began_s = time.clock_gettime(_ELAPSED)
            self._look(folder)
            folder.write(str(self._number), self._content())
            self._look(folder)
            self._renewed_s = began_s

    def _look(self, folder: ObjectFolder) -> None:
        """Raise FatalError if the object that counts is not this lease's."""
        newest = self._newest(folder)
        if not newest or self._token.encode() not in newest.content:
            self._lost = True
            raise FatalError(
                f"{self._path.parent} was removed or taken over while this run used it; it stops."
            )

    def _content(self) -> bytes:
        until = datetime.now(UTC) + timedelta(seconds=TERM_S)
        return (
            f"process {os.getpid()} on {socket.gethostname()}\n"
            f"until {until:%Y-%m-%d %H:%M:%S} UTC by its own clock, if not renewed\n"
            f"{self._token} {uuid.uuid4().hex}\n"
        ).encode()

    def _newest(self, folder: ObjectFolder) -> _Seen | None:
        while numbers := self._numbers(folder):
            if seen := self._read(folder, max(numbers)):
                return seen
        return None

    @staticmethod
    def _numbers(folder: ObjectFolder) -> list[int]:
        return [int(name) for name in folder.files() if name.isdecimal()]

    @staticmethod
    def _read(folder: ObjectFolder, number: int) -> _Seen | None:
        try:
            return _Seen(number, folder.read(str(number)))
        except FileNotFoundError:  # a later one took its place
            return None
