"""Files that appear whole or not at all, and are still there after a power cut."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamfer.errors import FatalError


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns a failure to write `path` into a FatalError a person can act on."""
    try:
        yield
    except OSError as error:
        raise FatalError(
            f"Cannot write {path}: {error.strerror or error}. Mend that and run the same command "
            "again: finished work is kept."
        ) from error


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
