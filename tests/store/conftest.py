"""Disks, folders and stores that refuse."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@contextmanager
def _small_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def small_disk() -> Callable[[], AbstractContextManager[None]]:
    """In its context the system refuses files of more than 16 KiB.

    Not in the whole test: pytest's own report may go to a file, and that is longer.
    """
    return _small_disk


@pytest.fixture
def forbidden() -> Iterator[Path]:
    """A folder in which nothing may be created, even where the tests run as root."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65_534)
        yield folder
        os.seteuid(user)
        folder.chmod(0o755)
