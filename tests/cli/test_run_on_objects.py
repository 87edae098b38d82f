"""The commands on an output in a store of objects."""

import json
import os
import signal
from pathlib import Path

import pytest

import streamfer as library
from streamfer.places import place
from streamfer.store.folders import folder
from streamfer.store.output import OutputTables
from streamfer.store.table_reader import read_table
from streamfer.store.work import WorkFolder
from tests.cli import terminal
from tests.cli.conftest import Say
from tests.cli.terminal import begin, portrait, streamfer
from tests.cli.test_run import wait_until_all_is_gone
from tests.flaky_store import FlakyStore
from tests.tables import assert_same_rows


@pytest.fixture
def out(store: FlakyStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the timelines go; the commands know how to get there."""
    monkeypatch.setattr(terminal, "ENVIRONMENT", terminal.ENVIRONMENT | store.environment)
    return store.place("study/timelines.parquet")


def test_a_table_is_checked_and_its_work_removed(command: Say, out: str):
    with OutputTables(place(out), {}, ["timelines", "videos"]):
        pass
    said = command("validate", out)
    assert (said.code, said.stdout) == (0, f"{out} is valid.\n")
    said = command("validate", out.replace("timelines", "nowhere"))
    assert (said.code, said.stderr) == (
        2,
        f"Error: {out.replace('timelines', 'nowhere')} does not exist.\n",
    )
    with WorkFolder(place(out)).open("f00d") as work:
        work.commit("a1", 0, b"")
    said = command("clean", out)
    assert (said.code, said.stdout) == (0, f"Removed {out}.work.\n")
    assert folder(place(out).parent).files() == {"timelines.parquet", "timelines.videos.parquet"}
    said = command("clean", out)
    assert (said.code, said.stdout) == (0, f"There is no {out}.work.\n")


def test_a_bucket_that_is_not_there_is_said(command: Say, store: FlakyStore, tmp_path: Path):
    said = command("run", portrait(tmp_path / "a.mp4", 1), "--out", "s3://nowhere/a.parquet")
    assert said.code == 1
    assert "Cannot write s3://nowhere/.a.parquet.tmp: The specified bucket does not" in said.stderr


def commits(out: str) -> set[str]:
    return {name for name in folder(place(out).parent).files() if name.endswith(".arrow")}


@pytest.mark.slow
def test_a_run_that_is_killed_is_completed_by_the_same_command(
    store: FlakyStore, out: str, tmp_path: Path
):
    """It waits until the dead run's lease has ended."""
    video = portrait(tmp_path / "talk.mp4", 12)
    arguments = ("run", video, "--out", out, "--workers", "1", "--segment-s", "4")
    process = begin(*arguments)
    store.before(r"PUT .*\.arrow", lambda: None)
    store.before(r"PUT .*\.arrow", lambda: os.kill(process.pid, signal.SIGKILL))
    with process:
        process.wait(150)
    assert process.returncode == -signal.SIGKILL
    done = commits(out)
    assert 1 <= len(done) < 3
    store.forget()

    completed = streamfer(*arguments, "--json")
    assert completed.returncode == 0, completed.stderr
    assert "Waiting up to 30 s to see whether that run still lives" in completed.stderr
    assert json.loads(completed.stdout)["out"] == out
    written = {put.path.partition("/study/")[2] for put in store.asked if put.method == "PUT"}
    assert not written & done
    assert len(commits(out)) == 3
    assert_same_rows(read_table(place(out)), library.analyse(video))
    assert streamfer("validate", out).returncode == 0
    wait_until_all_is_gone()
