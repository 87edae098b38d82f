"""The folder of an output, on a disk or in a store of objects, and its lock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from streamfer.places import Place
from streamfer.store.durable import LocalFolder
from streamfer.store.lease import Lease
from streamfer.store.lock import Lock
from streamfer.store.objects import ObjectFolder

Folder: TypeAlias = LocalFolder | ObjectFolder


def folder(place: Place) -> Folder:
    """The folder at a place, whether it is there yet or not."""
    return LocalFolder(place) if isinstance(place, Path) else ObjectFolder(place)


def lock(place: Place) -> Lock | Lease:
    """An exclusive lock at a place. Raises UsageError if another process holds it."""
    return Lock(place) if isinstance(place, Path) else Lease(place)


def kind(place: Place) -> str | None:
    """What lies at a place: "file", "folder", or None if nothing does."""
    return folder(place.parent).kind(place.name)


def opened(place: Place) -> AbstractContextManager[BinaryIO]:
    """A file to read pieces of. Raises OSError, as reading does, if that fails."""
    return folder(place.parent).open(place.name)
