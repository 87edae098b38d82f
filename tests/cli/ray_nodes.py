"""Ray nodes on this machine, started as a person starts them: with `ray start`, from a shell."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.cli.terminal import ENVIRONMENT, ROOT

TOKEN = "of-the-tests-" * 3
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def installed(folder: Path, version: str = VERSION) -> dict[str, str]:
    """The environment in which `streamfer` of some version is installed, whatever is here."""
    package = folder / f"streamfer-{version}.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: streamfer\nVersion: {version}\n"
    )
    command = folder / "streamfer"
    command.write_text(
        f"#!{sys.executable}\nfrom streamfer.cli.main import main\n\nmain()\n", encoding="utf-8"
    )
    command.chmod(0o755)
    return ENVIRONMENT | {
        "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{folder}:{ROOT}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": TOKEN,
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("", 0))
        return one.getsockname()[1]


@dataclass(frozen=True)
class Node:
    """A node: the `ray start --block` that keeps its processes."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End the node as a power cut would, as far as others can tell."""
        for process in self._processes():
            if process.name() == "raylet":
                process.kill()

    def reader(self, file: Path) -> psutil.Process | None:
        """A process of the node that has a file open, if there is one."""
        for process in self._processes():
            with suppress(psutil.Error):  # it has just ended
                if any(opened.path == str(file) for opened in process.open_files()):
                    return process
        return None

    def _processes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@dataclass(frozen=True)
class Cluster:
    """Nodes with a processor each, the head first."""

    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    dashboard_port: int = field(default_factory=free_port)
    nodes: list[Node] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where jobs are submitted."""
        return f"http://127.0.0.1:{self.dashboard_port}"


@contextmanager
def cluster(environment: dict[str, str], count: int) -> Iterator[Cluster]:
    """A head and `count - 1` more nodes, ready for jobs; all ended after."""
    made = Cluster(environment)
    head = ["--head", "--port", made.port, "--dashboard-port", made.dashboard_port]
    head += ["--ray-client-server-port", free_port()]
    others = [["--address", f"127.0.0.1:{made.port}"]] * (count - 1)
    with ExitStack() as stack:
        for role in [head, *others]:
            made.nodes.append(stack.enter_context(_node(role, environment)))
            _wait_for(made)
        yield made


@contextmanager
def _node(role: list[object], environment: dict[str, str]) -> Iterator[Node]:
    # Ray's sockets lie in this folder, and their names may have 107 letters: no tmp_path has room.
    folder = tempfile.mkdtemp(prefix="ray-")
    flags = ["--num-cpus", 1, "--object-store-memory", 80 * 2**20, "--temp-dir", folder]
    flags += ["--min-worker-port", 0, "--max-worker-port", 0]
    flags += ["--dashboard-agent-listen-port", free_port(), "--block"]
    process = subprocess.Popen(
        ["ray", "start", *map(str, [*role, *flags])],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    started = psutil.Process(process.pid)
    try:
        yield Node(process)
    finally:
        left = [*started.children(recursive=True), started] if started.is_running() else []
        for one in left:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()
        psutil.wait_procs(left, timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(made: Cluster) -> None:
    """Wait until the dashboard answers and knows all nodes."""
    asked = urllib.request.Request(
        f"{made.address}/nodes?view=summary", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    deadline = time.monotonic() + 120
    found = 0
    while found < len(made.nodes):
        assert time.monotonic() < deadline, f"{found} nodes came up"
        assert all(node.process.poll() is None for node in made.nodes), "a node ended"
        time.sleep(0.2)
        with suppress(OSError), urllib.request.urlopen(asked, timeout=10) as answer:
            nodes = json.load(answer)["data"]["summary"]
            found = sum(node["raylet"].get("state") == "ALIVE" for node in nodes)
