"""Fixtures for all rooms."""

import os
from pathlib import Path

import pytest

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
