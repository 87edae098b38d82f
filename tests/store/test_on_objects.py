"""Work in progress and tables in a store of objects: what a disk promises, as far as it can."""

import logging
import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest
from upath import UPath

from streamfer.errors import FatalError, UsageError
from streamfer.places import place
from streamfer.store import lease, schema
from streamfer.store.folders import folder
from streamfer.store.output import OutputTables, check_writable
from streamfer.store.table_reader import read_table
from streamfer.store.validate import validate
from streamfer.store.work import Failure, WorkFolder
from tests.flaky_store import Fault, FlakyStore
from tests.store.drivers import TERM_S, whole_run
from tests.store.example_rows import MAKERS, make_embeddings, make_timelines
from tests.store.test_work import result

SPAWN = multiprocessing.get_context("spawn")
FINAL = {
    "timelines.audio.parquet",
    "timelines.embeddings/a.mp4.parquet",
    "timelines.episodes.parquet",
    "timelines.frames.parquet",
    "timelines.parquet",
    "timelines.tracks.parquet",
    "timelines.videos.parquet",
}
JOB = b'{"fingerprint": "f00d"}'


@pytest.fixture
def out(store: FlakyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UPath:
    """An output in a store; temporary files lie where the test can see them."""
    (tmp_path / "spool").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spool"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "spool"))
    monkeypatch.setattr(lease, "TERM_S", TERM_S)
    found = place(store.place("study/timelines.parquet"))
    assert isinstance(found, UPath)
    return found


def objects(out: UPath) -> set[str]:
    return folder(out.parent).files()


def write(out: UPath, rows: int, *, number: int = 0) -> None:
    """All tables of a run."""
    with OutputTables(out, {"run": str(number)}, schema.TABLES) as tables:
        tables.write("a.mp4", {name: [MAKERS[f"{name}.v1"](rows)] for name in schema.TABLES})


def test_work_is_there_for_the_next_run(out: UPath):
    assert WorkFolder(out).latest_job() is None
    with WorkFolder(out).open("f00d") as work:
        assert work.committed("a1") == set()
        for segment in (3, 0, 3):
            work.commit("a1", segment, result(segment).to_bytes())
        work.record_failure("b2", Failure("The share went away.", retry=True, attempts=1))
        work.write_job(JOB)
        with pytest.raises(UsageError, match="in use by another run"):
            WorkFolder(out).open("f00d")
    with WorkFolder(out).open("f00d") as work:
        assert work.has_job()
        assert work.committed("a1") == {0, 3}
        assert work.load("a1", 3) == result(3)
        assert work.load("a1", 1) is None
        assert work.failure("b2") == Failure("The share went away.", retry=True, attempts=1)
        assert work.failure("a1") is None
    with WorkFolder(out).open("beef") as work:
        assert not work.has_job()
        assert work.committed("a1") == set()
    reader = WorkFolder(out)
    assert reader.latest_job() == JOB
    assert reader.load("a1", 0) == result(0)


def test_a_run_that_goes_on_asks_once_what_is_done(store: FlakyStore, out: UPath):
    with WorkFolder(out).open("f00d") as work:
        for video in range(5):
            for segment in range(3):
                work.commit(f"a{video}", segment, b"")
    with WorkFolder(out).open("f00d") as work:
        store.forget()
        for video in range(5):
            assert work.committed(f"a{video}") == {0, 1, 2}
            assert work.failure(f"a{video}") is None
        assert len(store.asked) == 1


def test_a_damaged_segment_is_not_committed_and_said(out: UPath, caplog: pytest.LogCaptureFixture):
    with WorkFolder(out).open("f00d") as work:
        work.commit("a1", 0, result(0).to_bytes()[:-7])
        with caplog.at_level(logging.WARNING):
            assert work.load("a1", 0) is None
        assert "f00d/a1/0.arrow is damaged and will be made again" in caplog.text
        assert work.committed("a1") == set()
    assert objects(out) == {"timelines.parquet.work/lock/1"}


def test_removing_needs_the_lease_and_leaves_nothing(out: UPath):
    assert WorkFolder(out).remove() is False
    with WorkFolder(out).open("f00d") as work:
        work.commit("a1", 0, b"")
        work.write_job(JOB)
        with pytest.raises(UsageError, match="in use by another run"):
            WorkFolder(out).remove()
    assert WorkFolder(out).remove() is True
    assert objects(out) == set()


def test_a_driver_that_was_superseded_commits_nothing(out: UPath):
    with WorkFolder(out).open("f00d") as old:
        old.commit("a1", 0, b"")
        folder(old.path).write("lock/2", b"process 1 on mars\n")
        time.sleep(TERM_S)  # its next renewal tells it
        with pytest.raises(FatalError, match="taken over"):
            old.commit("a1", 1, b"")
        with (
            pytest.raises(FatalError, match="taken over"),
            OutputTables(out, {}, ["timelines"], old.check),
        ):
            pass
    assert objects(out) == {
        "timelines.parquet.work/f00d/a1/0.arrow",
        "timelines.parquet.work/lock/1",
        "timelines.parquet.work/lock/2",
    }


def test_tables_replace_those_of_an_earlier_run(out: UPath, tmp_path: Path):
    check_writable(out)
    assert objects(out) == set()
    write(out, 40)
    with OutputTables(out, {}, ["timelines", "embeddings"]) as tables:
        tables.write("b.mp4", {"timelines": [make_timelines(7)], "embeddings": []})
        assert objects(out) == FINAL
    assert objects(out) == {"timelines.parquet", "timelines.embeddings/b.mp4.parquet"}
    assert read_table(out).equals(make_timelines(7))
    check_writable(out)
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_cannot_be_an_output_is_refused(store: FlakyStore, out: UPath):
    write(out, 3)
    folder(out.parent).write("notes.parquet", b"my notes")
    for name, words in {
        "notes.parquet": "holds no timelines",
        "timelines.videos.parquet": "holds no timelines",
        "timelines.csv": "must end in .parquet",
    }.items():
        with pytest.raises(UsageError, match=words):
            check_writable(out.with_name(name))
    folder(out.parent).write("folder.parquet/a", b"")
    with pytest.raises(UsageError, match="is a folder"):
        check_writable(out.with_name("folder.parquet"))
    store.trouble(Fault(403), "PUT")
    with pytest.raises(FatalError, match="AccessDenied"):
        check_writable(out)
    store.recover()
    with pytest.raises(FatalError, match="bucket does not exist"):
        check_writable(place("s3://nowhere/timelines.parquet"))


def test_an_exception_leaves_the_old_output(out: UPath, tmp_path: Path):
    write(out, 40)

    def run_with_a_defect() -> None:
        with OutputTables(out, {}, schema.TABLES) as tables:
            tables.write("b.mp4", {"timelines": [make_timelines(7)]})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_with_a_defect()
    assert objects(out) == FINAL
    assert validate(out) == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_full_temporary_files_are_said_and_leave_the_old_output(
    out: UPath, tmp_path: Path, small_disk
):
    write(out, 5)
    with (
        small_disk(),
        pytest.raises(FatalError, match=rf"Cannot write {tmp_path}/spool/.*: File too large"),
        OutputTables(out, {}, ["timelines", "embeddings"]) as tables,
    ):
        tables.write("b.mp4", {"embeddings": [make_embeddings(50)]})
    assert objects(out) == FINAL
    assert validate(out) == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_store_that_fails_between_two_tables_shows_and_is_mended(store: FlakyStore, out: UPath):
    write(out, 10)
    store.trouble(Fault(500), "PUT .*frames")
    with pytest.raises(FatalError, match=r"Cannot write .*timelines\.frames\.parquet"):
        write(out, 20, number=1)
    store.recover()
    assert read_table(out).num_rows == 10
    problems = validate(out)
    assert problems
    assert all("interrupted" in problem for problem in problems)
    write(out, 20, number=1)
    assert validate(out) == []
    assert {read_table(out.parent / name).num_rows for name in FINAL} == {20}


@pytest.mark.parametrize(
    ("point", "reached", "done"),
    [
        ("lock/1", True, set()),
        pytest.param("job.json", False, set(), marks=pytest.mark.slow),
        ("1.arrow", False, {0}),
        pytest.param("1.arrow", True, {0, 1}, marks=pytest.mark.slow),
        pytest.param("a.mp4.parquet", True, {0, 1, 2}, marks=pytest.mark.slow),
        pytest.param("timelines.parquet$", False, {0, 1, 2}, marks=pytest.mark.slow),
        ("timelines.parquet$", True, {0, 1, 2}),
    ],
)
def test_kill_9_at_a_put_loses_nothing_that_was_done(
    store: FlakyStore, out: UPath, tmp_path: Path, point: str, reached: bool, done: set[int]
):
    """The put that is under way reaches the store, or does not."""
    write(out, 40)
    folder(out.parent).write("timelines.embeddings/gone.parquet", b"of an earlier run")
    driver = SPAWN.Process(target=whole_run, args=(str(out),), daemon=True)

    def kill() -> None:
        assert driver.pid
        os.kill(driver.pid, signal.SIGKILL)
        if not reached:
            store.trouble(Fault(lost="request"), f"PUT .*{point}", times=1)

    store.before(f"PUT .*{point}", kill)
    driver.start()
    driver.join()
    assert driver.exitcode == -signal.SIGKILL
    store.recover()
    assert whole_run(str(out)) == done
    numbers = {name for name in objects(out) if "/lock/" in name}
    assert objects(out) == FINAL | numbers | {
        f"timelines.parquet.work/f00d/a1/{segment}.arrow" for segment in range(3)
    }
    assert len(numbers) == 1
    assert validate(out) == []
    assert read_table(out).num_rows == 10
    assert list((tmp_path / "spool").iterdir()) == []
