"""What the cluster is made of at the moment: nodes join, and nodes are lost."""

from __future__ import annotations

import time
from dataclasses import dataclass

import ray

_FRESH_S = 1.0


@dataclass(frozen=True)
class Node:
    """A machine of the cluster, with as much of it as the cluster may use."""

    id: str
    address: str
    cpus: int
    gpus: int


class Nodes:
    """The living nodes by their id, looked at again once a second at most."""

    def __init__(self) -> None:
        self.here: str = ray.get_runtime_context().get_node_id()
        self._alive: dict[str, Node] = {}
        self._looked: float | None = None

    def alive(self, *, now: bool = False) -> dict[str, Node]:
        """The living nodes; with `now`, as they are at this moment."""
        if now or self._looked is None or time.monotonic() - self._looked > _FRESH_S:
            self._alive = {
                node["NodeID"]: Node(
                    node["NodeID"],
                    node["NodeManagerAddress"],
                    int(node["Resources"].get("CPU", 0)),
                    int(node["Resources"].get("GPU", 0)),
                )
                for node in ray.nodes()
                if node["Alive"]
            }
            self._looked = time.monotonic()
        return self._alive
