"""A whole run whose output lies in a store of objects has the rows of one on a disk."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from streamfer.errors import FatalError
from streamfer.pipeline.compact import compact_partial
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Outcome, run
from streamfer.places import Place, place
from streamfer.store import lease
from streamfer.store.folders import folder
from streamfer.store.output import table_paths
from streamfer.store.table_reader import read_table
from streamfer.store.validate import validate
from tests.cli.terminal import portrait
from tests.flaky_store import Fault, FlakyStore
from tests.pipeline.test_run import Here, do, job_of
from tests.store.drivers import TERM_S
from tests.tables import assert_same_rows


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return portrait(tmp_path_factory.mktemp("video") / "talk.mp4", 3)


@pytest.fixture(scope="module")
def local(video: Path) -> Path:
    """The tables of a run to a disk."""
    out = video.with_name("timelines.parquet")
    do(video, out, audio=True, embeddings=True)
    return out


@pytest.fixture
def out(store: FlakyStore, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(lease, "TERM_S", TERM_S)
    return place(store.place("study/timelines.parquet"))


def assert_same_tables(out: Place, local: Path) -> None:
    for name, path in table_paths(out).items():
        expected = table_paths(local)[name]
        file = "talk.mp4.parquet" if name == "embeddings" else ""
        if expected.exists():
            assert_same_rows(read_table(path / file), read_table(expected / file))
            assert validate(path) == []


def test_it_has_the_rows_of_a_run_to_a_disk_and_is_not_done_twice(
    video: Path, out: Place, local: Path
):
    summary, segments = do(video, out, audio=True, embeddings=True)
    assert (summary.done, segments) == (1, 3)
    assert_same_tables(out, local)
    summary, segments = do(video, out, audio=True, embeddings=True)
    assert (summary.unchanged, segments) == (True, 0)
    assert do(video, out, audio=True)[1] == 3
    assert not any("embeddings" in name for name in folder(out.parent).files())


class Troubled(Here):
    """Does segments one by one; before the second is handed over, something happens."""

    def happen(self) -> None:
        raise NotImplementedError

    def __call__(self, missing: Sequence[Segment]) -> Iterator[Outcome]:
        for number, part in enumerate(missing):
            if number == 1:
                self.happen()
            yield from super().__call__([part])


def test_a_store_that_fails_under_way_costs_nothing_that_was_done(
    store: FlakyStore, video: Path, out: Place, local: Path
):
    class Outage(Troubled):
        def happen(self) -> None:
            store.trouble(Fault(503), "PUT")

    job = job_of(video, audio=True, embeddings=True)
    with pytest.raises(FatalError, match=r"SlowDown\. .* finished work is kept"):
        run(job, out, Outage(job))
    store.recover()
    so_far = out.with_name("so-far.parquet")
    compact_partial(out, so_far)
    assert validate(so_far) == []
    assert set(read_table(so_far)["window"].to_pylist()) == {0}
    store.trouble(Fault(500), r"PUT .*timelines\.tracks")
    with pytest.raises(FatalError, match=r"timelines\.tracks\.parquet"):
        run(job, out, execute := Here(job))
    assert execute.segments == [1, 2]
    assert not out.exists()
    store.recover()
    assert do(video, out, audio=True, embeddings=True)[1] == 0
    assert_same_tables(out, local)


def test_a_driver_whose_lease_another_took_stops(store: FlakyStore, video: Path, out: Place):
    work = folder(out.with_name(f"{out.name}.work"))

    class TakenOver(Troubled):
        def happen(self) -> None:
            work.write("lock/2", b"process 1 on mars\n")
            store.trouble(Fault(500), "lock/1")  # asleep: its thread renews nothing
            time.sleep(TERM_S)
            store.recover()

    job = job_of(video)
    with pytest.raises(FatalError, match="taken over while this run used it; it stops"):
        run(job, out, TakenOver(job))
    assert {name.rpartition("/")[2] for name in work.files() if ".arrow" in name} == {"0.arrow"}
    assert not out.exists()
