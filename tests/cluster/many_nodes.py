"""Several Ray nodes on this machine, each with a folder of its own, and ways to strike them."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

# Ray's processes, and this one, read them when they start.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])

import psutil
from ray.cluster_utils import Cluster

from streamfer.cluster.crew import Crew
from streamfer.cluster.nodes import Nodes
from streamfer.cluster.scheduler import Scheduler
from streamfer.cluster.session import session
from streamfer.config import Execution
from streamfer.pipeline.job import Job
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.run import Outcome

# So that the loss of a node is noticed in a second or two, not in fifteen.
_NOTICE = {"health_check_period_ms": 300, "health_check_failure_threshold": 3}


@dataclass(frozen=True)
class Node:
    """A node of one processor, whose processes run in its own folder."""

    folder: Path
    raylet: subprocess.Popen[bytes]


@dataclass
class ManyNodes:
    """A head without processors, where the driver is, and nodes with one processor each.

    `/proc/self/cwd/x` is another file on each node.
    """

    cluster: Cluster
    folder: Path
    nodes: list[Node] = field(default_factory=list)

    def add(self) -> None:
        """One more node."""
        folder = self.folder / f"n{len(list(self.folder.glob('n*')))}"
        folder.mkdir()
        with chdir(folder):
            added = self.cluster.add_node(num_cpus=1)
        self.nodes.append(Node(folder, added.all_processes["raylet"][0].process))

    def kill(self, node: Node) -> None:
        """End a node as a power cut would, as far as others can tell."""
        self.nodes.remove(node)
        node.raylet.kill()

    def processes(self, kind: str) -> list[psutil.Process]:
        """The actors of a class, such as SegmentWorker, that have started, on living nodes."""
        raylets = {node.raylet.pid for node in self.nodes}
        found = []
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                name = "".join(process.cmdline()[:1])  # of one that has just ended there is none
                started = name.startswith(f"ray::{kind}") and not name.endswith("__init__")
                if started and process.ppid() in raylets:
                    found.append(process)
        return found


@contextmanager
def many_nodes(count: int) -> Iterator[ManyNodes]:
    """A head and `count` more nodes; all ended after."""
    # Ray's sockets lie in this folder, and their names may have 107 letters: no tmp_path has room.
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    head = {"num_cpus": 0, "temp_dir": str(folder / "h"), "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head | {"_system_config": _NOTICE})
    try:
        made = ManyNodes(cluster, folder)
        for _ in range(count):
            made.add()
        yield made
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Executor:
    """An executor on a cluster, which counts the segments that are handed out."""

    job: Job
    execution: Execution
    given: int = 0

    def __call__(self, segments: Sequence[Segment]) -> Iterator[Outcome]:
        with session(self.execution.address, 0):
            nodes = Nodes()
            crew = Crew(self.job, self.execution, nodes)
            scheduler = Scheduler(crew, nodes, segments, self.execution.stall_s)
            yield from scheduler.run()
            self.given += scheduler.given


def wait_for(what: str, seconds: float = 120) -> Iterator[None]:
    """Wait a moment again and again; fail when it took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen in {seconds:g} s")
