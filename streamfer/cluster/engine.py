"""The executor behind `streamfer run`: workers and pools on Ray, for as long as there is work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import ray
from ray.actor import ActorHandle

from streamfer.cluster.pools import start_pools
from streamfer.cluster.scheduler import Scheduler
from streamfer.cluster.session import session
from streamfer.cluster.worker import SegmentWorker
from streamfer.config import Execution
from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Execute, Outcome


def on_cluster(job: Job, execution: Execution) -> Execute:
    """An executor that starts or joins Ray when it is given segments, and leaves it after."""
    device = job.device
    pooled = execution.pools == "on" or (execution.pools == "auto" and device == "cuda")

    def execute(segments: Sequence[Segment]) -> Iterator[Outcome]:
        with session(execution.address, execution.workers):
            workers = execution.workers or int(ray.cluster_resources().get("CPU", 1))
            pools = start_pools(job) if pooled else [None]
            gpu = 0 if pooled or device == "cpu" else 1 / workers
            actor = ray.remote(
                num_cpus=1, num_gpus=gpu, max_restarts=0, concurrency_groups={"status": 1}
            )(SegmentWorker)
            turn = count()

            def make_worker() -> ActorHandle:
                models = pools[next(turn) % len(pools)]
                return actor.remote(job.analysis, models, device)

            yield from Scheduler(make_worker, workers, execution.stall_s).run(segments)

    return execute
