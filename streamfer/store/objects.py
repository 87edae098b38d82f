"""A folder of objects in a store behind a URI (S3 and its like), by way of fsspec.

An object appears whole when its put ends, or not at all: that is the commit. Nothing is renamed,
which a store does by copying, and a folder's objects one by one.
"""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from upath import UPath

from streamfer.store.refusal import explained

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LOG = logging.getLogger(__name__)

# Until a person has mended it, asking again gives the same answer.
_FINAL = (FileExistsError, FileNotFoundError, IsADirectoryError, PermissionError)

PUT_OPTIONS = {"s3": {"chunksize": 2**24, "max_concurrency": 2}}
"""By protocol, how large files are put: s3fs would hold ten parts of 50 MB in memory."""


class ObjectFolder:
    """The objects whose names begin with a URI and a slash; each name has one writer.

    Where the store fails, every method asks again, with growing pauses, for `patience_s`, which
    comes on top of what the store's own library does; then, or at once where something is
    missing or forbidden, it raises FatalError.
    """

    patience_s = 60.0
    pause_s = 1.0  # the first; each is twice the one before, up to the longest
    longest_pause_s = 15.0

    def __init__(self, path: UPath) -> None:
        self._uri = str(path).rstrip("/")
        self._root = path.path.rstrip("/")
        self._fs = path.fs
        self._put_options = PUT_OPTIONS.get(path.protocol, {})
        # Listings are remembered by fsspec, and another driver may have made them stale.
        self._fs.dircache.use_listings_cache = False
        self._fs.dircache.clear()

    def kind(self, name: str) -> str | None:
        """What lies at `name`: "file", "folder", or None if nothing does."""
        try:
            found = self._ask("read", name, self._fs.info, FileNotFoundError)
        except FileNotFoundError:
            return None
        return "folder" if found["type"] == "directory" else "file"

    def files(self, name: str = "") -> set[str]:
        """The files in the folder `name`, at any depth, by their paths in it."""
        folder = f"{self._key(name)}/"
        found = self._ask("read", name, self._fs.find)
        return {path.removeprefix(folder) for path in found if path.startswith(folder)}

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError if there is none."""
        data = self._ask("read", name, self._fs.cat_file, FileNotFoundError)
        return cast("bytes", data)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file of which pieces are read. Raises OSError, as reading does, if that fails."""
        with _translated():
            file = self._fs.open(self._key(name), "rb")
        with file:
            yield cast("BinaryIO", _Reader(file))

    def write(self, name: str, data: bytes) -> None:
        """Make `data` the file's bytes, in one step."""
        self._ask("write", name, lambda key: self._fs.pipe_file(key, data))

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that is not there yet; False if it is. Of two that try, one succeeds.

        `data` must tell who wrote it: where the answer was lost on the way, it is read back.
        """
        try:
            self._ask(
                "write", name, lambda key: self._fs.pipe_file(key, data, mode="create"), OSError
            )
        except OSError as error:  # stores differ in how they say that it is there
            try:
                return self.read(name) == data
            except FileNotFoundError:
                with explained("write", f"{self._uri}/{name}"):
                    raise error from None
        return True

    def put(self, written: Path, name: str) -> None:
        """Put a local file at `name`, in one step; of a folder its files, and remove all others."""
        if not written.is_dir():
            options = self._put_options
            self._ask("write", name, lambda key: self._fs.put_file(str(written), key, **options))
            return
        parts = {path.name: path for path in sorted(written.iterdir())}
        for part, path in parts.items():
            self.put(path, f"{name}/{part}")
        for stale in self.files(name) - parts.keys():
            self.remove(f"{name}/{stale}")

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it, if there is one."""
        found = self._ask("read", name, self._fs.find)
        if found:
            with suppress(FileNotFoundError):  # removed, but the answer was lost
                self._ask("remove", name, lambda _: self._fs.rm(found), FileNotFoundError)

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A folder of this machine in which to prepare `name`; what a killed run left is removed.

        It lies in the folder for temporary files, which TMPDIR names.
        """
        own = f"streamfer-{hashlib.sha256(f'{self._uri}/{name}'.encode()).hexdigest()[:16]}-"
        with explained("write", "temporary files"):
            for left in Path(tempfile.gettempdir()).glob(f"{own}*"):
                shutil.rmtree(left, ignore_errors=True)
            stage = Path(tempfile.mkdtemp(prefix=own))
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _ask(
        self, doing: str, name: str, call: Callable[[str], Any], *answers: type[OSError]
    ) -> Any:  # noqa: ANN401 - fsspec has no types
        """What the store answers a call, given the name's key, in the end."""
        shown = f"{self._uri}/{name}"
        deadline = time.monotonic() + self.patience_s
        pause_s = self.pause_s
        with explained(doing, shown, *answers):
            while True:
                try:
                    with _translated():
                        return call(self._key(name))
                except _FINAL:
                    raise
                except OSError as error:
                    if time.monotonic() + pause_s > deadline:
                        raise
                    why = error.strerror or error
                    _LOG.warning(
                        "Cannot %s %s: %s. Trying again in %g s.", doing, shown, why, pause_s
                    )
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, self.longest_pause_s)


@contextmanager
def _translated() -> Iterator[None]:
    """Makes an OSError of whatever the library of a store raises."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # the libraries have no kind in common
        raise OSError(errno.EIO, str(error)) from error


class _Reader(io.RawIOBase):
    """A file of fsspec, of which reading raises nothing but OSError."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - fsspec has no types
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        with _translated():
            data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)
