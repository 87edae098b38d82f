"""Fixtures for the actor graph."""

import pytest

from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe
from tests.cli.terminal import portrait


@pytest.fixture(scope="session")
def info(tmp_path_factory: pytest.TempPathFactory) -> MediaInfo:
    """What is known of some video."""
    return probe(str(portrait(tmp_path_factory.mktemp("info") / "a.mp4", 1)), Limits())
