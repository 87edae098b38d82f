"""Fixtures for all rooms: real video, made here or lying beside the project."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from streamfer.demo import Truth, make_demo

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
