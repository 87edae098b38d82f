"""The executor behind `streamfer run`: workers and pools on Ray, for as long as there is work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamfer.cluster.crew import Crew
from streamfer.cluster.metrics import observed
from streamfer.cluster.nodes import Nodes
from streamfer.cluster.scheduler import Scheduler
from streamfer.cluster.session import session
from streamfer.config import Execution
from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Execute, Outcome


def on_cluster(job: Job, execution: Execution) -> Execute:
    """An executor that starts or joins Ray when it is given segments, and leaves it after."""

    def execute(segments: Sequence[Segment]) -> Iterator[Outcome]:
        with session(execution.address, execution.workers):
            nodes = Nodes()
            crew = Crew(job, execution, nodes)
            scheduler = Scheduler(crew, nodes, segments, execution.stall_s)
            yield from observed(scheduler.run(), job.analysis.fps)

    return execute
