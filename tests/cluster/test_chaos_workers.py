"""Workers, pools and nodes are killed, at every point of a commit and at random moments.

The rows are those of an undisturbed run, and no more is done again than was in flight.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamfer
from streamfer.config import Analysis, Execution
from streamfer.media.limits import Limits
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Done, Outcome, run
from tests.cli.terminal import portrait
from tests.cluster.many_nodes import Executor, ManyNodes, many_nodes, wait_for
from tests.tables import assert_same_rows

NODES = 2
SEGMENTS = 12
POOLS = ["DetectorPool", "BackbonePool", "TemporalPool"]
TARGETS = ["SegmentWorker", *POOLS, "node"]


@pytest.fixture(scope="module")
def many() -> Iterator[ManyNodes]:
    with many_nodes(NODES) as made:
        yield made


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    video = portrait(tmp_path_factory.mktemp("chaos") / "a.mp4", SEGMENTS)
    return prepare([str(video)], Analysis(segment_s=1), "cpu", Limits())


@pytest.fixture(scope="module")
def alone(job: Job) -> pa.Table:
    (video,) = job.videos
    assert len(video.segments) == SEGMENTS
    return streamfer.analyse(video.info.path, job.analysis)


def strike(many: ManyNodes, target: str, chance: Random) -> None:
    """SIGKILL one of what is called so, as soon as there is one."""
    if target == "node":
        many.kill(chance.choice(many.nodes))
        return
    for _ in wait_for(f"a {target}"):
        if found := many.processes(target):
            chance.choice(found).kill()
            return


@dataclass
class Chaos:
    """An executor that strikes, and puts new nodes in the place of killed ones."""

    many: ManyNodes
    executor: Executor
    done: int = 0
    begun: threading.Event = field(default_factory=threading.Event)

    def __call__(self, segments: Sequence[Segment]) -> Iterator[Outcome]:
        for outcome in self.executor(segments):
            if isinstance(outcome, Done):
                self.begun.set()
                self.at("before")
                yield outcome
                self.at("after")
                self.done += 1
            else:
                yield outcome
            while len(self.many.nodes) < NODES:
                self.many.add()

    def at(self, point: Literal["before", "after"]) -> None:
        """Called before and after every commit."""


@dataclass
class AtCommits(Chaos):
    """Strikes before, or after, every fourth commit.

    More often, and a segment might rightly be given up.
    """

    target: str = ""
    point: Literal["before", "after"] = "before"
    strikes: int = 0

    def at(self, point: Literal["before", "after"]) -> None:
        if point == self.point and self.done % 4 == 0:
            strike(self.many, self.target, Random(self.done))
            self.strikes += 1


def check(job: Job, alone: pa.Table, chaos: Chaos, out: Path, strikes: int) -> None:
    """Run, and see that nothing is missing and little was done again."""
    summary = run(job, out, chaos)
    assert (summary.done, summary.partial, summary.failed) == (1, 0, 0), summary.problems
    assert_same_rows(pq.read_table(out), alone)
    in_flight = strikes * NODES
    assert SEGMENTS <= chaos.executor.given <= SEGMENTS + in_flight


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("target", TARGETS)
def test_strikes_at_commits(
    many: ManyNodes,
    job: Job,
    alone: pa.Table,
    tmp_path: Path,
    target: str,
    point: Literal["before", "after"],
):
    executor = Executor(job, Execution(address=many.cluster.address, pools="on"))
    chaos = AtCommits(many, executor, target=target, point=point)
    check(job, alone, chaos, tmp_path / "timelines.parquet", strikes=SEGMENTS // 4)
    assert chaos.strikes == SEGMENTS // 4


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 7))]
)
def test_strikes_at_random_moments(
    many: ManyNodes, job: Job, alone: pa.Table, tmp_path: Path, seed: int
):
    """A worker, a pool and a node each; of all seeds together 21."""
    chance = Random(seed)
    targets = ["SegmentWorker", chance.choice(POOLS), "node"]
    chance.shuffle(targets)
    executor = Executor(job, Execution(address=many.cluster.address, pools="on"))
    chaos = Chaos(many, executor)

    def act() -> None:
        assert chaos.begun.wait(300)
        for target in targets:
            threading.Event().wait(chance.uniform(0, 2))
            strike(many, target, chance)

    thread = threading.Thread(target=act)
    thread.start()
    check(job, alone, chaos, tmp_path / "timelines.parquet", strikes=len(targets))
    thread.join()
