"""What lies where URIs name folders, patterns and lists.

On the web nothing tells a folder but a slash at the end of its address, under which there must be
an index of links; and nothing but the star is a sign of a pattern.
"""

from __future__ import annotations

import re
from typing import Any

from fsspec.asyn import AsyncFileSystem
from fsspec.spec import AbstractFileSystem
from fsspec.utils import glob_translate
from upath import UPath

from streamfer.errors import InputError
from streamfer.media.patience import patiently
from streamfer.places import WEB, place, scheme

# Large folders are listed in many requests, of which each has a thousand names or so.
_ATTEMPT_S = 300.0


def read_list(uri: str) -> bytes:
    """A file, whole. Raises InputError."""
    return patiently(place(uri).read_bytes, uri, _ATTEMPT_S)


def has_magic(uri: str) -> bool:
    """Whether a URI may be a pattern."""
    return _first_sign(uri) is not None


def listed(uri: str) -> list[str] | None:
    """URIs of all files in a folder, or that a pattern fits, in order; None: this is a file.

    In folders that a pattern fits, all files are meant. What exists under its name is never taken
    for a pattern. Raises InputError, also where there is nothing.
    """
    sign = _first_sign(uri)
    kind = _kind(uri)
    if kind == "file":
        return None
    if kind == "directory":
        found = _files_in(uri)
    elif sign is None:
        raise InputError("There is no such file or folder.", retry=True)
    else:
        found = _files_matching(uri, uri.rindex("/", 0, sign))
    if not found:
        empty = "Nothing matches this pattern." if sign else "There is nothing in this folder."
        raise InputError(empty, retry=True)
    return sorted(found)


def _kind(uri: str) -> str:
    """`file`, `directory`, or nothing where neither is there."""
    if scheme(uri) in WEB:
        return "" if has_magic(uri) else "directory" if uri.endswith("/") else "file"
    root = UPath(place(uri))

    def ask() -> str:
        try:
            return str(root.fs.info(root.path)["type"])
        except FileNotFoundError:
            return ""

    return patiently(ask, uri, _ATTEMPT_S)


def _files_in(folder: str) -> list[str]:
    root = UPath(place(folder))
    # One listing for a whole tree, where a store can; the walk of the others would pass over
    # folders that it may not list.
    find = root.fs._find if isinstance(root.fs, AsyncFileSystem) else root.fs.find
    walks = find.__func__ in (AsyncFileSystem._find, AbstractFileSystem.find)
    options = {"on_error": "raise"} if walks else {}
    names = patiently(lambda: root.fs.find(root.path, **options), folder, _ATTEMPT_S)
    return [uri for name in names if (uri := _beneath(folder, root, name))]


def _files_matching(pattern: str, end: int) -> list[str]:
    """Of a pattern in which the last folder without a sign ends at `end`."""
    base, rest = pattern[:end], pattern[end + 1 :].rstrip("/")
    root = UPath(place(base))
    fits = re.compile(glob_translate(rest)).match
    depth = None if "**" in rest else rest.count("/") + 1

    def ask() -> list[dict[str, Any]]:
        # A glob of fsspec's would pass over folders that it cannot list.
        levels = root.fs.walk(root.path, maxdepth=depth, on_error="raise", detail=True)
        return [info for _, *found in levels for kind in found for info in kind.values()]

    found: set[str] = set()
    for info in patiently(ask, pattern, _ATTEMPT_S):
        uri = _beneath(base, root, info["name"].rstrip("/"))
        if uri and fits(uri[len(base) + 1 :]):
            found.update(_files_in(uri) if info["type"] == "directory" else [uri])
    return list(found)


def _first_sign(uri: str) -> int | None:
    """Where the first sign of a pattern stands, behind the name of the host or bucket."""
    web = scheme(uri) in WEB
    authority = re.match("[^/]*//[^/]*/", uri)
    path = uri.partition("?")[0] if web else uri
    sign = re.compile("[*]" if web else "[*?[]").search(path, authority.end() if authority else 0)
    return sign.start() if sign else None


def _beneath(base: str, root: UPath, name: str) -> str:
    """The URI of what a store names: as `base` is written, which `root` is the place of."""
    above = root.path.rstrip("/") + "/"
    if not name.startswith(above) or name.endswith("/"):  # an empty object that marks a folder
        return ""
    return base.rstrip("/") + "/" + name.removeprefix(above)
