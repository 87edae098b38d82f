"""A folder of this machine whose files appear whole or not at all, and outlast a power cut."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from streamfer.store.refusal import explained


class LocalFolder:
    """The files in a folder, at any depth; each has one writer. Folders are made as needed.

    Every method raises FatalError if the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def kind(self, name: str) -> str | None:
        """What lies at `name`: "file", "folder", or None if nothing does."""
        path = self._path / name
        with explained("read", path):
            return "folder" if path.is_dir() else "file" if path.exists() else None

    def files(self, name: str = "") -> set[str]:
        """The files in the folder `name`, at any depth, by their paths in it."""
        root = self._path / name
        return {
            Path(folder, file).relative_to(root).as_posix()
            for folder, _, files in os.walk(root)
            for file in files
        }

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError if there is none."""
        with explained("read", self._path / name, FileNotFoundError):
            return (self._path / name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        """A file of which pieces are read. Raises OSError, as reading does, if that fails."""
        return (self._path / name).open("rb")

    def write(self, name: str, data: bytes) -> None:
        """Make `data` the file's bytes, in one step."""
        path = self._path / name
        with explained("write", path):
            make_folder(path.parent)
            write_file(path, data)

    def put(self, written: Path, name: str) -> None:
        """Put what was written in `staging` at `name`, in one step; a folder in two."""
        path = self._path / name
        with explained("write", path):
            if path.is_dir():
                path.rename(written.with_name(uuid.uuid4().hex))  # it goes with the staging
            if written.is_dir():
                sync_folder(written)
            written.replace(path)
            sync_folder(path.parent)

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it, if there is one."""
        path = self._path / name
        with explained("remove", path):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A folder beside `name` in which to prepare it; what a killed run left is removed."""
        with explained("write", self._path / name):
            make_folder(self._path)
            for left in self._path.glob(f".{glob.escape(name)}.{'[0-9a-f]' * 32}.tmp"):
                shutil.rmtree(left)
            stage = self._path / f".{name}.{uuid.uuid4().hex}.tmp"
            stage.mkdir()
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def sync_folder(path: Path) -> None:
    """Flush a folder's entries, so that files created or renamed in it stay."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder and its parents, flushed."""
    if not path.is_dir():
        make_folder(path.parent)
        try:
            path.mkdir(exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, f"{path} is not a folder") from None
        sync_folder(path.parent)


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step; the folder must exist.

    There must be one writer of `path`: the name it is written under is fixed, so that nothing
    accumulates when writers are killed. Raises OSError, leaving what was at `path`.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
