"""Names of files and folders: paths of this machine, or URIs of anything that fsspec opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeAlias

import fsspec
from fsspec.implementations.local import LocalFileSystem
from upath import UPath

from streamfer.errors import UsageError

Place: TypeAlias = Path | UPath
"""A local path, or a URI with the same methods."""

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def is_uri(name: str) -> bool:
    """Whether a name is a URI (`s3://bucket/key`), not a path of this machine."""
    return _URI.match(name) is not None


def place(name: str) -> Place:
    """The place of a name; `file://` is this machine.

    Raises UsageError, saying what to install, where nothing here opens such a URI.
    """
    scheme = _URI.match(name)
    if scheme is None:
        return Path(name)
    try:
        filesystem = fsspec.get_filesystem_class(scheme[1].lower())
    except ValueError:
        raise UsageError(f"{name} cannot be opened: nothing knows {scheme[1]}://.") from None
    except ImportError as error:
        raise UsageError(f"{name} cannot be opened: {error}.") from None
    if issubclass(filesystem, LocalFileSystem):
        return Path(UPath(name).path)
    return UPath(name)
