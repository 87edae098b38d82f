"""The main command, with its cluster: what happens when it is given again, or cut short."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

import streamfer as library
from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.pipeline.job import prepare
from streamfer.store.validate import validate
from streamfer.store.work import Failure, WorkFolder
from tests.cli.conftest import Say
from tests.cli.terminal import begin, left_behind, portrait, streamfer
from tests.tables import assert_same_rows


def work_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.work")


def commits(out: Path) -> dict[str, int]:
    """The committed segments of an output, with the time at which each was written."""
    files = work_of(out).glob("*/*/*.arrow")
    return {f"{path.parent.name}/{path.name}": path.stat().st_mtime_ns for path in files}


def windows(out: Path) -> dict[str, int]:
    """How many windows each video has."""
    videos = pq.read_table(out)["video"].to_pylist()
    return {video: videos.count(video) for video in sorted(set(videos))}


def test_what_is_finished_is_not_done_again(command: Say, tmp_path: Path):
    """The inputs stay, lose one, and then gain one while another changes."""
    folder, out = tmp_path / "videos", tmp_path / "new" / "deep" / "timelines.parquet"
    folder.mkdir()
    for number, name in enumerate(("a.mp4", "b.mp4", "c.mp4")):
        portrait(folder / name, start=number)
    (folder / "broken.mp4").write_text("Not a video.")
    arguments = ("run", folder, "--out", out, "--workers", "1")
    first = streamfer(*arguments)
    assert first.returncode == 3, first.stderr
    assert first.stdout == ""
    assert f"Timelines: {out}\n" in first.stderr
    assert windows(out) == {"a.mp4": 4, "b.mp4": 4, "c.mp4": 4}
    done, tables = commits(out), {path: path.stat().st_mtime_ns for path in out.parent.iterdir()}

    started = time.process_time()
    again = command(*arguments, "--json")
    assert time.process_time() - started < 3
    assert again.code == 3
    models, unchanged, *_ = again.stderr.splitlines()
    model = r"\S+ \(onnxruntime-cpu-\S+\)"
    assert re.fullmatch(rf"Models: {model}, {model}, {model}", models)
    assert unchanged == f"Nothing has changed: {out} is up to date."
    assert "failed broken.mp4: " in again.stderr
    assert json.loads(again.stdout)["unchanged"] is True
    assert {path: path.stat().st_mtime_ns for path in out.parent.iterdir()} == tables

    (folder / "a.mp4").unlink()
    fewer = command(*arguments)
    assert "No longer among the inputs, and so not in the tables: a.mp4\n" in fewer.stderr
    assert windows(out) == {"b.mp4": 4, "c.mp4": 4}
    assert commits(out) == done

    portrait(folder / "b.mp4", 2)
    portrait(folder / "d.mp4", start=5)
    (folder / "broken.mp4").unlink()
    more = streamfer(*arguments)
    assert more.returncode == 0, more.stderr
    assert windows(out) == {"b.mp4": 3, "c.mp4": 4, "d.mp4": 4}
    assert len(commits(out)) == 5
    assert commits(out).items() > done.items()
    assert validate(out) == []


def test_what_failed_for_good_is_tried_again_when_it_is_asked_for(command: Say, tmp_path: Path):
    """An earlier run gave the video up, and there is nothing else to do."""
    video, out = portrait(tmp_path / "talk.mp4"), tmp_path / "timelines.parquet"
    job = prepare([str(video)], Analysis(), "cpu", Limits())
    reason = "Its segment 0 ended its worker 3 times."
    with WorkFolder(out).open(job.fingerprint) as work:
        failure = Failure(reason, retry=False, attempts=3, segments=(0,))
        work.record_failure(job.videos[0].folder, failure)
    arguments = ("run", video, "--out", out, "--workers", "1")
    given_up = command(*arguments)
    assert given_up.code == 3
    assert f"failed talk.mp4: {reason}\n" in given_up.stderr
    assert command(*arguments).code == 3
    tried = streamfer(*arguments, "--retry-failed")
    assert tried.returncode == 0, tried.stderr
    assert windows(out) == {"talk.mp4": 4}


def wait_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until `what` is true, while the process runs."""
    deadline = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "nothing happened for a minute"
        time.sleep(0.02)


def wait_until_all_is_gone() -> None:
    """Wait until nothing that a run started is left, whatever became of the run."""
    deadline = time.monotonic() + 60  # Ray's agents look for their parent now and then
    while left := left_behind():
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


@pytest.fixture
def begun() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that must not outlive the test, however it ends."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        with process:
            process.kill()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_is_cut_short_again_and_again_is_completed(
    tmp_path: Path, begun: list[subprocess.Popen[str]]
):
    """The disk refuses; Ctrl-C; SIGTERM; kill -9; and then the same command goes through."""
    video, out = portrait(tmp_path / "talk.mp4", 32), tmp_path / "timelines.parquet"
    arguments = ("run", video, "--out", out, "--workers", "1", "--segment-s", "2")
    done: dict[str, int] = {}

    def begin_until_more_is_done() -> subprocess.Popen[str]:
        process = begin(*arguments, reads_all=False)
        begun.append(process)
        wait_for(lambda: len(commits(out)) > len(done), process)
        return process

    def check_end(process: subprocess.Popen[str], code: int) -> str:
        stderr = process.communicate(timeout=60)[1]
        assert process.returncode == code, stderr
        assert "Traceback" not in stderr
        assert not out.exists()
        assert commits(out).items() >= done.items()
        done.update(commits(out))
        return stderr

    process = begin_until_more_is_done()
    (folder,) = {path.parent for path in work_of(out).glob("*/*/*.arrow")}
    folder.chmod(0o555)
    assert re.fullmatch(
        r"Error: Cannot write \S+/[1-9][0-9]?.arrow: Permission denied. "
        r"Mend that and run the same command again: finished work is kept.",
        check_end(process, 1).splitlines()[-1],
    )
    wait_until_all_is_gone()
    folder.chmod(0o755)

    process = begin_until_more_is_done()
    second = streamfer(*arguments)
    assert second.returncode == 2
    assert f"in use by another run (process {process.pid} on" in second.stderr
    os.killpg(process.pid, signal.SIGINT)
    said = check_end(process, 130)
    assert said.endswith(
        "\nInterrupted. What is finished is kept: the same command goes on from here.\n"
    )
    wait_until_all_is_gone()

    process = begin_until_more_is_done()
    process.terminate()
    assert check_end(process, 130).splitlines()[-1] == said.splitlines()[-1]
    wait_until_all_is_gone()

    process = begin_until_more_is_done()
    process.kill()
    check_end(process, -signal.SIGKILL)

    assert len(done) < 16
    completed = streamfer(*arguments, "--json")
    assert completed.returncode == 0, completed.stderr
    assert commits(out).items() > done.items()
    assert len(commits(out)) == 16
    assert json.loads(completed.stdout)["done"] == 1
    assert_same_rows(pq.read_table(out), library.analyse(video, Analysis(segment_s=2)))
    assert validate(out) == []
    wait_until_all_is_gone()

    tables = {path: path.read_bytes() for path in tmp_path.glob("timelines*.parquet")}
    process = begin(*arguments, "--fresh")
    begun.append(process)
    children = psutil.Process(process.pid).children
    wait_for(lambda: any(child.name() == "gcs_server" for child in children()), process)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.1)  # two at once would be one
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert {path: path.read_bytes() for path in tmp_path.glob("timelines*.parquet")} == tables
    assert commits(out) == {}
    wait_until_all_is_gone()


def test_ctrl_c_while_the_inputs_are_looked_at(tmp_path: Path, begun: list[subprocess.Popen[str]]):
    """They are a list that somebody is still writing."""
    listed = tmp_path / "list"
    os.mkfifo(listed)
    process = begin("run", f"@{listed}", "--out", tmp_path / "timelines.parquet", "--fresh")
    begun.append(process)
    with listed.open("wb"):  # as soon as the command reads it
        os.killpg(process.pid, signal.SIGINT)
        stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert stderr == (
        "Interrupted. What is finished is kept: the same command without --fresh goes on from "
        "here.\n"
    )
