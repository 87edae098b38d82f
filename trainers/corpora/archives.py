"""The members of a zip archive, read without unpacking it, by many processes at once."""

from __future__ import annotations

import os
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from streamfer.errors import InputError

# RuntimeError: it is encrypted, or packed in a way that is not known here.
_UNREADABLE = (OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def names(archive: Path) -> list[str]:
    """The names of all members, sorted.

    Raises:
        InputError: `archive` is none.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return sorted(opened.namelist())
    except _UNREADABLE as error:
        raise InputError(f"{archive} is not a zip archive ({error})") from error


def read(archive: Path, member: str) -> bytes:
    """The content of a member.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        return _opened(archive, os.getpid()).read(member)
    except _UNREADABLE as error:
        raise InputError(f"{archive}: {member} cannot be read: {error}") from error


@lru_cache(maxsize=4)
def _opened(archive: Path, _process: int) -> zipfile.ZipFile:
    """The open archive; a forked process opens its own, since a file's position is shared."""
    return zipfile.ZipFile(archive)
