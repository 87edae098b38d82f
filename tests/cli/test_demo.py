"""The first thing that a newcomer tries."""

import shutil
import time
from pathlib import Path

from streamfer.store.validate import validate
from tests.cli.conftest import Say
from tests.cli.terminal import streamfer
from tests.conftest import Demo


def test_the_demo_shows_rows_and_the_second_time_at_once(command: Say, demo: Demo, tmp_path: Path):
    shutil.copy(demo.path, tmp_path)  # so that it need not be made
    shown = streamfer("demo", "--folder", tmp_path)
    assert shown.returncode == 0
    assert "the first 12 of" in shown.stdout
    assert "1 done, 0 partial, 0 failed; 30 s of media, 8 tracks, " in shown.stderr
    assert validate(tmp_path / "timelines.parquet") == []
    started = time.monotonic()
    again = command("demo", "--folder", tmp_path)
    assert time.monotonic() - started < 3
    assert "Nothing has changed" in again.stderr
    assert again.stdout == shown.stdout
