"""A whole run without a cluster: what is done again, and what is only put in place again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pyarrow.parquet as pq
import pytest

from streamfer.config import Analysis
from streamfer.errors import FatalError
from streamfer.media.limits import Limits
from streamfer.pipeline.analyse import analyse
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Lost, Outcome, Summary, run
from streamfer.pipeline.segment import analyse_segment
from streamfer.store.output import RUN_ID_KEY, read_metadata, table_paths
from streamfer.store.segment_file import SegmentResult
from streamfer.store.validate import validate
from streamfer.store.work import Failure
from tests.cli.terminal import portrait
from tests.tables import assert_same_rows


class Here:
    """Does segments in this process, and lists them; those in `failures` fail."""

    def __init__(self, job: Job, failures: dict[int, Failure] | None = None) -> None:
        self.job = job
        self.failures = failures or {}
        self.models = LocalModels.load(job.analysis, "cpu")
        self.speech = speech_detector(job.analysis)
        self.segments: list[int] = []

    def __call__(self, missing: Sequence[Segment]) -> list[Outcome]:
        self.segments += [part.index for part in missing]
        return [self._outcome(part) for part in missing]

    def _outcome(self, part: Segment) -> Outcome:
        if part.index in self.failures:
            return Lost(part, self.failures[part.index])
        return Done(part, self._result(part).to_bytes(), 1)

    def _result(self, part: Segment) -> SegmentResult:
        return analyse_segment(part, self.job.analysis, self.models, speech=self.speech)


def job_of(video: Path, **settings: float | bool) -> Job:
    return prepare([str(video)], Analysis(**{"segment_s": 1} | settings), "cpu", Limits())


def do(video: Path, out: Path, **settings: bool) -> tuple[Summary, int]:
    """Run, and say how many segments that took."""
    job = job_of(video, **settings)
    execute = Here(job)
    return run(job, out, execute), len(execute.segments)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return portrait(tmp_path / "talk.mp4", 2)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "timelines.parquet"


def tables(out: Path) -> set[str]:
    return {path.name for path in out.parent.iterdir() if not path.name.endswith(".work")}


def ledger(out: Path) -> list[tuple[str, str]]:
    rows = pq.read_table(table_paths(out)["videos"]).to_pylist()
    return [(row["status"], row["reason"]) for row in rows]


def test_it_writes_what_is_asked_for_and_removes_what_is_not(video: Path, out: Path):
    always = {f"timelines{part}.parquet" for part in ("", ".episodes", ".tracks", ".videos")}
    assert do(video, out, audio=True, frames=True, embeddings=True)[1] == 2
    extras = {"timelines.audio.parquet", "timelines.frames.parquet", "timelines.embeddings"}
    assert tables(out) == always | extras
    assert all(validate(path) == [] for path in table_paths(out).values())
    assert do(video, out)[1] == 2
    assert tables(out) == always
    assert validate(out) == []
    assert pq.read_table(table_paths(out)["tracks"])["faces"].to_pylist() == [11]
    assert pq.read_table(table_paths(out)["episodes"])["windows"].to_pylist() == [3]


@pytest.mark.parametrize("name", ["audio", "episodes", "tracks"])
def test_a_table_that_is_missing_or_of_another_run_is_made_again(
    video: Path, out: Path, tmp_path: Path, name: str
):
    do(video, out, audio=True)
    table = table_paths(out)[name]
    stale = table.rename(tmp_path / "stale.parquet")
    summary, segments = do(video, out, audio=True)
    assert (summary.unchanged, segments) == (False, 0)
    assert validate(table) == []
    stale.rename(table)
    assert "interrupted" in validate(out)[0]
    summary, segments = do(video, out, audio=True)
    assert (summary.unchanged, segments) == (False, 0)
    assert read_metadata(table)[RUN_ID_KEY] == read_metadata(out)[RUN_ID_KEY]
    summary, segments = do(video, out, audio=True)
    assert (summary.unchanged, segments) == (True, 0)


BROKEN = Failure("Its segment 0 ended its worker 3 times.", retry=False, attempts=3)
AWAY = Failure("The share went away.", retry=True, attempts=1)


def test_what_failed_for_good_waits_until_it_is_asked_for(video: Path, out: Path):
    """A run was stopped after the failure of the first segment, before the second was done."""
    job = job_of(video)
    failing = Here(job, {0: BROKEN})

    class StoppedError(Exception):
        pass

    def stop(missing: Sequence[Segment]) -> Sequence[Outcome]:
        yield from failing(missing)[:1]
        raise StoppedError

    with pytest.raises(StoppedError):
        run(job, out, stop)
    going_on = Here(job)
    assert run(job, out, going_on).partial == 1
    assert going_on.segments == [1]
    assert ledger(out) == [("partial", f"0 s–1 s: {BROKEN.reason}")]

    again = Here(job)
    assert run(job, out, again).unchanged
    assert again.segments == []
    assert run(job, out, again, retry_failed=True).done == 1
    assert again.segments == [0]
    assert ledger(out) == [("done", "")]
    assert run(job, out, again, retry_failed=True).unchanged


def test_what_could_not_be_read_is_tried_by_every_run(video: Path, out: Path):
    job = job_of(video)
    for _ in range(2):
        away = Here(job, {1: AWAY})
        assert run(job, out, away).partial == 1
        assert away.segments[-1] == 1
        assert ledger(out) == [("partial", f"1 s–end: {AWAY.reason}")]
    back = Here(job)
    assert run(job, out, back).done == 1
    assert back.segments == [1]
    assert run(job, out, back).unchanged


def test_damaged_work_is_done_again(video: Path, out: Path):
    do(video, out)
    before = pq.read_table(out)
    table_paths(out)["tracks"].unlink()
    work = out.with_name(f"{out.name}.work")
    (damaged,) = work.glob("*/*/1.arrow")
    damaged.write_bytes(damaged.read_bytes()[:-5])
    summary, segments = do(video, out)
    assert (summary.done, segments) == (1, 1)
    assert_same_rows(pq.read_table(out), before)


def test_work_done_otherwise_is_told_of_and_not_mixed_in(video: Path, out: Path):
    said: list[str] = []

    def go(*, fresh: bool = False, **settings: float) -> tuple[bool, list[int]]:
        job = job_of(video, **settings)
        execute = Here(job)
        said.clear()
        unchanged = run(job, out, execute, say=said.append, fresh=fresh).unchanged
        return unchanged, execute.segments

    assert go() == (False, [0, 1])
    assert said == []
    assert go(min_score=0.4, cut_distance=0.2) == (False, [0, 1])
    assert said == [
        f"{out} was made otherwise (cut_distance 0.35, now 0.2; min_score 0.5, now 0.4). It stays "
        "until this run is finished; its work is not used, and --fresh removes it."
    ]
    # The work of the first is still there.
    assert go() == (False, [])
    assert len(said) == 1
    assert go(min_score=0.4, cut_distance=0.2, fresh=True) == (False, [0, 1])
    assert said == []
    assert go() == (False, [0, 1])
    assert go() == (True, [])
    assert said == []
    assert go(fresh=True) == (False, [0, 1])


def test_a_run_begun_otherwise_and_not_finished_is_told_of(video: Path, out: Path):
    begun = job_of(video, min_score=0.4)
    with pytest.raises(ZeroDivisionError):
        run(begun, out, lambda _: 1 / 0)
    said: list[str] = []
    job = job_of(video)
    run(job, out, Here(job), say=said.append)
    assert said == [
        "A run that was begun here and is not finished was made otherwise (min_score 0.4, now "
        "0.5). Its work is kept apart and not used; --fresh removes it."
    ]


def test_other_models_are_named(video: Path, out: Path, tmp_path: Path):
    do(video, out)
    said: list[str] = []
    job = job_of(video)
    models = json.loads(job.metadata["streamfer.models"])
    models["backbone"]["sha256"] = "0" * 64
    metadata = job.metadata | {"streamfer.models": json.dumps(models)}
    other = replace(job, metadata=metadata, fingerprint="f00d")
    run(other, out, Here(job), say=said.append)
    assert "(another sha256 of the backbone)" in said[0]


def test_fresh_work_that_was_stopped_goes_on_without_the_flag(video: Path, out: Path):
    """Though the tables of the run before it say just what it would."""
    do(video, out)
    job = job_of(video)
    with pytest.raises(ZeroDivisionError):
        run(job, out, lambda _: 1 / 0, fresh=True)
    assert do(video, out)[1] == 2
    assert do(video, out)[0].unchanged


def steps(job: Job, out: Path, execute: Sequence[Outcome]) -> int:
    """How many functions, of Python and of C, a run calls in this thread."""
    count = 0

    def note(_frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        run(job, out, lambda _: execute)
    finally:
        sys.setprofile(None)
    return count


def many(job: Job, copies: int) -> Job:
    """The job, with its video under so many names, each with work of its own."""
    (video,) = job.videos
    videos = [
        replace(
            video,
            key=f"{n:04}.mp4",
            folder=f"{n:04}",
            segments=tuple(replace(part, folder=f"{n:04}") for part in video.segments),
        )
        for n in range(copies)
    ]
    return replace(job, videos=videos)


def test_a_video_costs_the_driver_the_same_however_many_there_are(video: Path, tmp_path: Path):
    """Counted in calls, not in seconds: per video within 5 % of each other."""
    job = job_of(video)
    (first, second) = Here(job)(job.videos[0].segments)
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    spent = {}
    for copies in (25, 50, 100):
        of_many = many(job, copies)
        outcomes = [
            replace(done, segment=part)
            for each in of_many.videos
            for done, part in zip((first, second), each.segments, strict=True)
        ]
        out = tmp_path / str(copies) / "timelines.parquet"
        spent[copies] = steps(of_many, out, outcomes)
    assert spent[100] - spent[50] == pytest.approx(2 * (spent[50] - spent[25]), rel=0.05)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, where the tests may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave no room in a folder: the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


@pytest.mark.parametrize("done", [0, 1, 2], ids=["at-once", "while-committing", "while-compacting"])
def test_a_full_disk_is_told_and_with_room_the_run_goes_on(
    video: Path, small_disk: Path, tmp_path: Path, done: int
):
    out = small_disk / "timelines.parquet"
    job = job_of(video)

    def filling(missing: Sequence[Segment]) -> Iterator[Outcome]:
        outcomes = Here(job)(missing)
        yield from outcomes[:done]
        fill(small_disk)
        yield from outcomes[done:]

    with pytest.raises(FatalError, match=r"No space left on device.*same command"):
        run(job, out, filling)
    assert not out.exists()
    (small_disk / "ballast").unlink()
    going_on = Here(job)
    run(job, out, going_on)
    assert len(going_on.segments) == 2 - done
    assert_same_rows(pq.read_table(out), analyse(video, job.analysis))
    assert sorted(path.name for path in small_disk.iterdir()) == [
        "timelines.episodes.parquet",
        "timelines.parquet",
        "timelines.parquet.work",
        "timelines.tracks.parquet",
        "timelines.videos.parquet",
    ]


@pytest.mark.parametrize("done", [1, 2], ids=["while-committing", "while-compacting"])
def test_an_output_folder_that_is_removed_is_told_and_made_again(video: Path, out: Path, done: int):
    job = job_of(video)

    def removing(missing: Sequence[Segment]) -> Iterator[Outcome]:
        outcomes = Here(job)(missing)
        yield from outcomes[:done]
        shutil.rmtree(out.parent)
        yield from outcomes[done:]

    with pytest.raises(FatalError, match="removed or taken over"):
        run(job, out, removing)
    assert do(video, out)[1] == 2
    assert_same_rows(pq.read_table(out), analyse(video, job.analysis))


@pytest.mark.parametrize("years", [-20, 20])
def test_a_clock_that_jumps_changes_nothing(video: Path, out: Path, years: int):
    """What is on the disk seems to be of another time, in the middle of the work and after it."""

    def jump() -> None:
        for path in out.parent.rglob("*"):
            moment = path.stat().st_mtime + years * 365 * 86_400
            os.utime(path, (moment, moment))

    job = job_of(video)
    done = Here(job)

    def stop(missing: Sequence[Segment]) -> Iterator[Outcome]:
        yield from done(missing)[:1]
        jump()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(job, out, stop)
    going_on = Here(job)
    assert run(job, out, going_on).done == 1
    assert going_on.segments == [1]
    jump()
    assert run(job, out, going_on).unchanged
