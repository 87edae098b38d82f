"""One driver per output: a lock that the kernel releases however its holder ends."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from streamfer.errors import FatalError, UsageError
from streamfer.store.durable import make_folder
from streamfer.store.refusal import explained


class Lock:
    """An exclusive `flock` on a file, held until `release` or the death of the process.

    Raises UsageError, naming the holder's process and host, if another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = self._acquire()
        while not self._is_current():
            # The holder before us removed the file after we had opened it: ours is nameless.
            os.close(self._descriptor)
            self._descriptor = self._acquire()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)

    def _acquire(self) -> int:
        with explained("write", self._path):
            make_folder(self._path.parent)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 300, 0).decode(errors="replace")
                os.close(descriptor)
                raise UsageError(
                    f"{self._path.parent} is in use by another run "
                    f"({holder or 'which has just begun'}). Wait until it ends, or stop it."
                ) from None
            except OSError:
                os.close(descriptor)
                raise
        return descriptor

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def check(self) -> None:
        """Raise FatalError if the lock file was removed or replaced: another run may hold it."""
        if not self._is_current():
            raise FatalError(
                f"{self._path.parent} was removed or taken over while this run used it; it stops."
            )

    def remove(self) -> None:
        """Remove the lock, which is still to be released, and its folder, if that is empty."""
        with explained("remove", self._path):
            self._path.unlink()
        with suppress(OSError):  # somebody just began anew, or left a file of their own
            self._path.parent.rmdir()

    def release(self) -> None:
        """Let others have the lock. The file stays: removing it would split the lock in two."""
        os.close(self._descriptor)
