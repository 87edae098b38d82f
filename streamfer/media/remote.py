"""Files that URIs name, read by ranges: nothing is fetched whole, and nothing kept on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from fsspec.spec import AbstractBufferedFile
from upath import UPath

from streamfer.errors import InputError, UsageError
from streamfer.media.patience import CHANGED, NO_PARTS, patiently
from streamfer.places import place, public

# Bytes of the first piece from anywhere: less costs twice the requests to look at a video, more
# twice the bytes. Each piece that follows on one before is twice as long, up to the longest, which
# is seconds of video a request: more saves none, and reads more in vain. docs/inputs.md has the
# measurements.
_FIRST = 1 << 18
_LONGEST = 1 << 22
# Bytes of pieces that are kept: demuxers go to and fro between picture, sound and index.
_KEPT = 3 * _LONGEST

# Some clients would wait for an answer for many minutes.
_ATTEMPT_S = 20.0

_VERSIONS = ("etag", "last-modified", "lastmodified", "last_modified", "updated", "mtime")


class RemoteFile:
    """A file at a URI: what PyAV and others need of a binary file that is read.

    `version` is the store's ETag, else the time of the last change, else empty.

    A read that fails for good looks like the end of the file, since FFmpeg cannot carry an
    exception, and takes an error for damage that it may pass over. What failed is raised when the
    context is left, in place of whatever followed from it. So a file must be used as a context,
    and what was made of it counts only once that is left. Raises InputError.

    `first` is how many bytes are fetched, at least, from a place that is gone to.
    """

    def __init__(self, uri: str, first: int = _FIRST) -> None:
        self._uri = uri
        self._first = first
        try:
            self._place = UPath(place(uri))
        except UsageError as error:
            raise InputError(str(error), retry=True) from None
        # FFmpeg goes by the extension where nothing in a file tells what it is.
        self.name = public(uri).rpartition("/")[2]
        self._at = 0
        self._pieces: list[tuple[int, bytes]] = []
        self._failure: BaseException | None = None
        handle, self.size, self.version = patiently(self._open, uri, _ATTEMPT_S)
        self._handle: AbstractBufferedFile | None = handle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pieces.clear()
        if self._failure is not None:
            raise self._failure from None

    def read(self, length: int = -1) -> bytes:
        """Up to `length` bytes, or all that are left; fewer only at the end, or a failure."""
        end = self.size if length < 0 else min(self._at + length, self.size)
        parts = []
        while self._at < end and self._failure is None:
            try:
                start, piece = self._piece()
            except BaseException as error:  # noqa: BLE001 (Ctrl-C would be lost in FFmpeg, too)
                self._failure = error
                return b""
            parts.append(piece[self._at - start : end - start])
            self._at += len(parts[-1])
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, and tell which."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def _piece(self) -> tuple[int, bytes]:
        """Where the piece that holds the next byte begins, and its bytes."""
        length = self._first
        for number, (start, piece) in enumerate(self._pieces):
            if start <= self._at < start + len(piece):
                self._pieces.append(self._pieces.pop(number))
                return self._pieces[-1]
            if self._at == start + len(piece):
                length = min(2 * len(piece), _LONGEST)
        self._pieces.append((self._at, self._fetch(self._at, length)))
        while sum(len(piece) for _, piece in self._pieces) > _KEPT:
            del self._pieces[0]
        return self._pieces[-1]

    def _fetch(self, start: int, length: int) -> bytes:
        """The bytes from `start` on; fewer where a first attempt failed, and at the end."""

        def ask() -> bytes:
            nonlocal length
            stop = min(start + length, self.size)
            length = self._first  # if this fails: what is slow, or is cut off, gets less to do
            handle, self._handle = self._handle, None  # one that fails is not used again
            if handle is None:
                self._place.fs.invalidate_cache()
                handle, *told = self._open()
                if told != [self.size, self.version]:
                    raise InputError(CHANGED, retry=True)
            handle.seek(start)
            piece: bytes = handle.read(stop - start)
            if len(piece) != stop - start:
                raise ConnectionError
            self._handle = handle
            return piece

        return patiently(ask, self._uri, _ATTEMPT_S)

    def _open(self) -> tuple[AbstractBufferedFile, int, str]:
        """A handle that asks the store for what is read and no more; size and version."""
        filesystem, path = self._place.fs, self._place.path
        handle = filesystem.open(path, "rb", cache_type="none")
        info = getattr(handle, "details", {})
        if not _version(info):
            info = filesystem.info(path)
        if info["type"] == "directory":
            raise InputError("This is a folder, not a file.", retry=True)
        if info["size"] is None or info.get("partial") is False:
            raise InputError(NO_PARTS, retry=True)
        if info["size"] == 0:
            raise InputError("The file is empty.", retry=True)
        return handle, info["size"], _version(info)


def _version(info: Mapping[str, object]) -> str:
    told = {key.lower(): str(value) for key, value in info.items() if value}
    return next((told[key] for key in _VERSIONS if key in told), "")
