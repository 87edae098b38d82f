"""Names of files and folders: paths of this machine, or URIs of anything that fsspec opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeAlias

import fsspec
from fsspec.implementations.local import LocalFileSystem
from upath import UPath

from streamfer.errors import UsageError

WEB = ("http", "https")
"""Schemes of addresses on the web."""

Place: TypeAlias = Path | UPath
"""A local path, or a URI with the same methods."""

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def is_uri(name: str) -> bool:
    """Whether a name is a URI (`s3://bucket/key`), not a path of this machine."""
    return _URI.match(name) is not None


def scheme(name: str) -> str:
    """What a URI begins with (`s3`), in small letters; the empty string for a path."""
    found = _URI.match(name)
    return found[1].lower() if found else ""


def public(name: str) -> str:
    """A name as anybody may see it, in a table or in a message. A path is its own.

    A URI loses its user and password (but not a user alone, which may be a container of Azure's:
    `abfs://videos@account/a.mp4`). An address on the web loses whoever is in it and its query,
    which may be a signature: so a file that is signed anew for each run keeps its name.
    """
    found = _URI.match(name)
    if found is None:
        return name
    web = scheme(name) in WEB
    authority, slash, path = name[found.end() :].partition("/")
    user, at, host = authority.rpartition("@")
    if web or ":" in user:
        user = at = ""
    shown = f"{found[0]}{user}{at}{host}{slash}{path}"
    return re.split("[?#]", shown, maxsplit=1)[0] if web else shown


def place(name: str) -> Place:
    """The place of a name; `file://` is this machine.

    Raises UsageError, saying what to install, where nothing here opens such a URI.
    """
    if not is_uri(name):
        return Path(name)
    try:
        filesystem = fsspec.get_filesystem_class(scheme(name))
    except ValueError:
        words = f"nothing knows {scheme(name)}://"
        raise UsageError(f"{public(name)} cannot be opened: {words}.") from None
    except ImportError as error:
        raise UsageError(f"{public(name)} cannot be opened: {error}.") from None
    if issubclass(filesystem, LocalFileSystem):
        return Path(UPath(name).path)
    return UPath(f"{scheme(name)}{name[len(scheme(name)) :]}")
