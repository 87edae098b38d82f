"""Work in progress: a commit is whole or absent, whatever kills the driver."""

import logging
import multiprocessing
import random
import shutil
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from streamfer.errors import FatalError, UsageError
from streamfer.store import segment_file
from streamfer.store.segment_file import SegmentResult
from streamfer.store.work import Failure, WorkFolder
from tests.tables import committed

SPAWN = multiprocessing.get_context("spawn")


def result(segment: int, faces: int = 10) -> SegmentResult:
    """A result that is its number's own; two faces are about 2 KB."""
    vectors = np.random.default_rng(segment).normal(size=faces * 512).astype(np.float16)
    ticks = pa.array(range(faces), pa.int32())
    return SegmentResult(
        windows=segment_file.WINDOWS.empty_table(),
        tracks=segment_file.TRACKS.empty_table(),
        seam=segment_file.SEAM.empty_table(),
        audio=segment_file.AUDIO.empty_table(),
        frames=segment_file.FRAMES.empty_table(),
        embeddings=pa.table(
            {
                "track": ticks,
                "tick": ticks,
                "vector": pa.FixedSizeListArray.from_arrays(
                    pa.array(vectors), type=segment_file.EMBEDDINGS.field("vector").type
                ),
            },
            schema=segment_file.EMBEDDINGS,
        ),
        sampled=segment,
        last_tick=segment,
        decoded_until_s=60.0 * segment,
        decode_errors=0,
        ended=False,
        sound="",
    )


def test_what_was_committed_is_there_for_the_next_run(tmp_path: Path):
    out = tmp_path / "new" / "timelines.parquet"
    with WorkFolder(out).open("f00d") as work:
        assert committed(work, "a1") == set()
        assert work.load("a1", 3) is None
        for segment in (3, 0, 3):
            work.commit("a1", segment, result(segment).to_bytes())
        work.commit("b2", 0, result(7).to_bytes())
    with WorkFolder(out).open("f00d") as work:
        assert work.path == tmp_path / "new" / "timelines.parquet.work"
        assert committed(work, "a1") == {0, 3}
        assert work.load("a1", 3) == result(3)
        assert work.load("b2", 0) == result(7)


def test_another_fingerprint_sees_none_of_it(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    with WorkFolder(out).open("f00d") as work:
        work.commit("a1", 0, result(0).to_bytes())
    with WorkFolder(out).open("beef") as work:
        assert committed(work, "a1") == set()


@pytest.mark.parametrize("damage", [lambda whole: whole[:-7], lambda whole: b""], ids=["torn", "0"])
def test_a_damaged_segment_is_not_committed_and_said(tmp_path: Path, caplog, damage):
    with WorkFolder(tmp_path / "timelines.parquet").open("f00d") as work:
        work.commit("a1", 0, damage(result(0).to_bytes()))
        with caplog.at_level(logging.WARNING):
            assert work.load("a1", 0) is None
        assert "0.arrow is damaged and will be made again" in caplog.text
        assert committed(work, "a1") == set()


def test_failures_are_kept_and_replaced(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    with WorkFolder(out).open("f00d") as work:
        assert work.failure("a1") is None
        work.record_failure("a1", Failure("The share went away.", retry=True, attempts=1))
        work.record_failure("a1", Failure("The file is empty: ü\udcff.", retry=False, attempts=2))
    with WorkFolder(out).open("f00d") as work:
        assert work.failure("a1") == Failure("The file is empty: ü\udcff.", False, 2)
        assert committed(work, "a1") == set()
        (work.path / "f00d" / "a1" / "failure.json").write_text('{"reason": 3}')
        assert work.failure("a1") is None


@pytest.mark.parametrize("name", ["", "..", ".a", "a/b", "/a", "a\0", "a\n", "é"])
def test_names_that_are_no_folder_s_are_refused(tmp_path: Path, name: str):
    with (
        WorkFolder(tmp_path / "timelines.parquet").open("f00d") as work,
        pytest.raises(ValueError, match="cannot name a folder"),
    ):
        work.commit(name, 0, b"")
    with pytest.raises(ValueError, match="cannot name a folder"):
        WorkFolder(tmp_path / "timelines.parquet").open(name)


def test_removing_needs_the_lock_and_leaves_nothing(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    assert WorkFolder(out).remove() is False
    with WorkFolder(out).open("f00d") as work:
        work.commit("a1", 0, result(0).to_bytes())
        with pytest.raises(UsageError, match="in use by another run"):
            WorkFolder(out).remove()
        assert committed(work, "a1") == {0}
    assert WorkFolder(out).remove() is True
    assert list(tmp_path.iterdir()) == []


def test_a_driver_whose_folder_was_taken_over_stops(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    with WorkFolder(out).open("f00d") as old:
        old.commit("a1", 0, result(0).to_bytes())
        old.path.rename(tmp_path / "elsewhere")
        with WorkFolder(out).open("f00d") as new:
            with pytest.raises(UsageError, match="taken over"):
                old.commit("a1", 1, result(1).to_bytes())
            assert committed(new, "a1") == set()


def test_an_output_folder_that_was_removed_under_way_is_no_damage(tmp_path: Path):
    with WorkFolder(tmp_path / "study" / "timelines.parquet").open("f00d") as work:
        work.commit("a1", 0, result(0).to_bytes())
        shutil.rmtree(tmp_path / "study")
        for use in (
            lambda: work.load("a1", 0),
            lambda: work.commit("a1", 1, b""),
            lambda: work.write_job(b"{}"),
            work.check,
        ):
            with pytest.raises(FatalError, match="was removed or taken over while this run used"):
                use()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path, small_disk):
    with WorkFolder(tmp_path / "timelines.parquet").open("f00d") as work:
        work.commit("a1", 0, result(0, faces=2).to_bytes())
        with (
            small_disk(),
            pytest.raises(UsageError, match=r"Cannot write .*0\.arrow: File too large"),
        ):
            work.commit("a1", 0, result(0, faces=50).to_bytes())
        with small_disk(), pytest.raises(UsageError, match="Cannot write"):
            work.commit("a1", 1, result(1, faces=50).to_bytes())
        assert committed(work, "a1") == {0}
        assert work.load("a1", 0) == result(0, faces=2)
        assert [path.name for path in (work.path / "f00d" / "a1").iterdir()] == ["0.arrow"]


def test_a_forbidden_folder_is_said_before_any_work(forbidden: Path):
    with pytest.raises(UsageError, match="Permission denied"):
        WorkFolder(forbidden / "timelines.parquet").open("f00d")


def commit_for_ever(out: Path, begun: Event) -> None:
    whole = {segment: result(segment, faces=300).to_bytes() for segment in range(4)}
    with WorkFolder(out).open("f00d") as work:
        begun.set()
        while True:
            for segment, data in whole.items():
                work.commit("a1", segment, data)


def test_kill_9_while_committing_leaves_only_whole_segments(tmp_path: Path):
    out = tmp_path / "timelines.parquet"
    moment = random.Random(0)
    for _ in range(5):
        begun = SPAWN.Event()
        driver = SPAWN.Process(target=commit_for_ever, args=(out, begun), daemon=True)
        driver.start()
        assert begun.wait(60)
        time.sleep(moment.uniform(0, 0.1))
        driver.kill()
        driver.join()
        with WorkFolder(out).open("f00d") as work:
            for segment in committed(work, "a1"):
                assert work.load("a1", segment) == result(segment, faces=300)
    assert committed(WorkFolder(out).open("f00d"), "a1") == {0, 1, 2, 3}
