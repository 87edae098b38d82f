"""The driver killed or interrupted, wherever it is: the same command again comes to the same."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ray.cluster_utils import Cluster

from streamfer.interrupts import INTERRUPTED
from streamfer.store.output import table_paths
from streamfer.store.validate import validate
from tests.cli.terminal import COMMAND, ENVIRONMENT, ROOT, portrait
from tests.tables import assert_same_rows

SIGNALLED = [sys.executable, str(Path(__file__).with_name("signalled.py"))]
NEVER = 10**9
SEGMENTS = 5
WORKERS = 2


@dataclass(frozen=True)
class Run:
    """A command on a cluster that outlives it, and what comes of it undisturbed."""

    videos: Path
    address: str
    finished: Path
    tables: dict[str, pa.Table]
    seconds: float

    def begin(self, out: Path, prefix: list[str] = COMMAND) -> subprocess.Popen[str]:
        """Start the command."""
        options = ["--segment-s", "2", "--workers", str(WORKERS), "--address", self.address]
        return subprocess.Popen(
            [*prefix, "run", str(self.videos), "--out", str(out), *options],
            env=os.environ | ENVIRONMENT,  # with the cluster's token, if another test has set one
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def give(self, out: Path, signals: str = "", step: int = 0) -> tuple[int, str, str]:
        """Wait for the command, with signals at a step: how it ended, and what it printed."""
        prefix = [*SIGNALLED, signals, str(step)] if signals else COMMAND
        done = commits(out)
        with self.begin(out, prefix) as process:
            stdout, stderr = process.communicate(timeout=150)
        assert commits(out).items() >= done.items()
        return process.returncode, stdout, stderr

    def complete(self, out: Path) -> None:
        """Give the command again: now it must come to the same as ever, and leave nothing else."""
        code, _, stderr = self.give(out)
        assert code == 0, stderr
        found = tables(out)
        assert found.keys() == self.tables.keys()
        for name, rows in found.items():
            assert_same_rows(rows, self.tables[name])
        assert validate(out) == []
        assert left_over(out) == []

    def steps(self, out: Path) -> int:
        """How many steps the command takes."""
        code, stdout, stderr = self.give(out, "SIGKILL", NEVER)
        assert code == 0, stderr
        return int(stdout)

    def to_be_compacted(self, folder: Path) -> Path:
        """An output whose segments are all done, with tables of which one was lost."""
        shutil.copytree(self.finished.parent, folder)
        out = folder / self.finished.name
        table_paths(out)["tracks"].unlink()
        return out


def tables(out: Path) -> dict[str, pa.Table]:
    return {n: pq.read_table(path) for n, path in table_paths(out).items() if path.exists()}


def commits(out: Path) -> dict[Path, int]:
    """The committed segments, with the time at which each was written."""
    files = out.with_name(f"{out.name}.work").glob("*/*/*.arrow")
    return {path.relative_to(out.parent): path.stat().st_mtime_ns for path in files}


def left_over(out: Path) -> list[Path]:
    """What lies beside an output under temporary names."""
    hidden = [path for path in out.parent.iterdir() if path.name.startswith(".")]
    return hidden + list(out.parent.rglob("*.tmp"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A long video and a short one, and a cluster for one driver after the other."""
    folder = tmp_path_factory.mktemp("chaos")
    videos, out = folder / "videos", folder / "finished" / "timelines.parquet"
    videos.mkdir()
    portrait(videos / "long.mp4", 8)
    portrait(videos / "short.mp4", 2, start=9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2 * WORKERS})
    try:
        run = Run(videos, cluster.address, out, {}, 0)
        began = time.monotonic()
        code, _, stderr = run.give(out)
        assert code == 0, stderr
        assert len(commits(out)) == SEGMENTS
        yield replace(run, tables=tables(out), seconds=time.monotonic() - began)
    finally:
        cluster.shutdown()


def kill_after(run: Run, out: Path, seconds: float) -> None:
    """Begin the command and kill it; what was committed before stays as it was written."""
    done = commits(out)
    with run.begin(out) as process:
        time.sleep(seconds)
        process.kill()
    assert commits(out).items() >= done.items()


def test_killed_three_times_the_command_goes_through(undisturbed: Run, tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    moments = random.Random(5)
    for _ in range(3):
        kill_after(undisturbed, out, moments.uniform(0, undisturbed.seconds))
    undisturbed.complete(out)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_twenty_random_moments(undisturbed: Run, tmp_path: Path):
    moments = random.Random(20)
    for attempt in range(5):
        out = tmp_path / str(attempt) / "timelines.parquet"
        for _ in range(4):
            kill_after(undisturbed, out, moments.uniform(0, undisturbed.seconds))
        undisturbed.complete(out)


def kill_at(run: Run, out: Path, step: int) -> None:
    """Have the command killed at a step; the timelines are the old ones, or the new ones, whole."""
    before = out.read_bytes() if out.exists() else None
    code, _, stderr = run.give(out, "SIGKILL", step)
    assert code == -signal.SIGKILL, stderr
    if out.exists() and out.read_bytes() != before:
        assert_same_rows(pq.read_table(out), run.tables["timelines"])


@pytest.fixture(scope="module")
def last(undisturbed: Run, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The last step where nothing is left to compute, so that no worker starts.

    It takes back the note of the job, after the stage was cleared, after the timelines' folder
    was flushed, after the timelines were put in place, after the folder was flushed ...
    """
    folder = tmp_path_factory.mktemp("counted")
    return undisturbed.steps(undisturbed.to_be_compacted(folder / "out"))


@pytest.mark.parametrize("back", [2, 3], ids=["after-the-last", "before-the-last"])
def test_killed_while_the_tables_are_put_in_place(
    undisturbed: Run, last: int, tmp_path: Path, back: int
):
    out = undisturbed.to_be_compacted(tmp_path / "out")
    kill_at(undisturbed, out, last - back)
    undisturbed.complete(out)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_every_step_of_putting_the_tables_in_place(
    undisturbed: Run, last: int, tmp_path: Path
):
    for step in range(1, last + 1):
        out = undisturbed.to_be_compacted(tmp_path / str(step))
        kill_at(undisturbed, out, step)
        undisturbed.complete(out)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_again_and_again_each_time_a_step_later(undisturbed: Run, last: int, tmp_path: Path):
    """At first those are the steps of a start, then of commits, in the end of the tables."""
    out = tmp_path / "out" / "timelines.parquet"
    for step in range(1, last + 1):
        kill_at(undisturbed, out, step)
    undisturbed.complete(out)


@pytest.mark.parametrize("signals", ["SIGINT", "SIGTERM,SIGINT"])
def test_interrupted_while_the_tables_are_put_in_place(
    undisturbed: Run, last: int, tmp_path: Path, signals: str
):
    """Asked once, it puts all of them in place; asked twice, the timelines at least are whole."""
    out = undisturbed.to_be_compacted(tmp_path / "out")
    code, _, stderr = undisturbed.give(out, signals, last - 5)
    assert code == INTERRUPTED, stderr
    if "," not in signals:
        assert stderr.endswith("the same command goes on from here.\n")
        assert validate(out) == []
        assert left_over(out) == []
    assert_same_rows(pq.read_table(out), undisturbed.tables["timelines"])
    undisturbed.complete(out)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_interrupted_again_and_again_each_time_a_step_later(
    undisturbed: Run, last: int, tmp_path: Path
):
    """No commit is broken off, and no table is left of another run than the rest."""
    out = tmp_path / "timelines.parquet"
    for step in range(1, last + 1):
        code, _, stderr = undisturbed.give(out, "SIGINT", step)
        assert code == INTERRUPTED, stderr
        assert left_over(out) == []
        assert not out.exists() or validate(out) == []
    undisturbed.complete(out)
