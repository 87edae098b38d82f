"""Whole downloads, made once, of which nobody opens a file."""

from pathlib import Path

import pytest

from tests.trainers.corpora.trees import plant
from trainers.corpora import ravdess

ARCHIVES = {"01": "Video_Speech_Actor_", "02": "Video_Song_Actor_"}


@pytest.fixture(scope="session")
def whole_ravdess(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RAVDESS, each archive unpacked into a folder of its own."""
    names = (
        f"{ARCHIVES[name[3:5]]}{name[-2:]}/Actor_{name[-2:]}/{name}.mp4" for name in ravdess.whole()
    )
    return plant(tmp_path_factory.mktemp("ravdess"), names)
