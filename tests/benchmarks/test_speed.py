"""The speed benchmark runs, on a short video."""

import os
from pathlib import Path

import pytest

from benchmarks.looping import loop
from benchmarks.speed import bound_to, measure_run
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from tests.conftest import Demo


@pytest.fixture(scope="module")
def video(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return loop(demo.path, tmp_path_factory.mktemp("looped") / "long.mp4", 35)


def test_a_clip_is_looped_until_it_is_long_enough(demo: Demo, video: Path):
    once, looped = (probe(str(p), Limits()).duration_s for p in (demo.path, video))
    assert looped == pytest.approx(2 * once, abs=0.05)


def test_a_run_is_measured(video: Path):
    result = measure_run(video, workers=1, device="cpu")
    assert result["times_real_time"] > 0.2
    assert result["processor_ms_a_second"] > 1
    assert result["tracks"] >= 3
    assert result["rows"] > 50
    assert result["models"].keys() == {"detector", "backbone", "temporal"}


def test_what_is_bound_is_free_again():
    cores = os.sched_getaffinity(0)
    with bound_to(1):
        assert len(os.sched_getaffinity(0)) == 1
        assert os.sched_getaffinity(0) <= cores
    assert os.sched_getaffinity(0) == cores
