"""Fixtures for all rooms: real video, made here or lying beside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from streamfer.demo import Truth, make_demo

if TYPE_CHECKING:
    from tests.flaky_store import FlakyStore

# Machines are shared: how long one example takes says nothing. CI tries the same examples every
# time, so that a change is judged by what it changed; everybody else looks for new ones.
settings.register_profile("streamfer", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("streamfer")

SHARED = Path(os.environ.get("STREAMFER_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data, which is no part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"development data is absent ({SHARED}; set STREAMFER_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def clips(shared: Path) -> Path:
    """The real video clips."""
    return shared / "data" / "videos"


@dataclass(frozen=True)
class Demo:
    """The demo's video, half a minute long, and what is true of it."""

    path: Path
    truth: Truth


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo's video."""
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    return Demo(path, make_demo(path))


@pytest.fixture(scope="session")
def _moto() -> Iterator[int]:
    from tests.flaky_store import moto  # importing it takes seconds

    with moto() as port:
        yield port


@pytest.fixture
def bucket(_moto: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyStore]:
    """A bucket in a store that speaks S3; the environment says how to reach it."""
    from s3fs import S3FileSystem

    from tests.flaky_store import flaky_store

    with flaky_store(_moto) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        S3FileSystem.clear_instance_cache()
        yield found
        S3FileSystem.clear_instance_cache()


@pytest.fixture
def store(bucket: FlakyStore, monkeypatch: pytest.MonkeyPatch) -> FlakyStore:
    """As `bucket`, for what is written there: of the patience with it there is little."""
    from streamfer.store.objects import ObjectFolder

    bucket.environment["AWS_MAX_ATTEMPTS"] = "1"  # what streamfer does itself is to be seen
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(ObjectFolder, "patience_s", 1.0)
    monkeypatch.setattr(ObjectFolder, "pause_s", 0.05)
    return bucket
