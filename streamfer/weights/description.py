"""What is written down of every model that a run uses."""

from __future__ import annotations

from typing import Protocol

from streamfer.weights.runtime import Network


class Described(Protocol):
    """What every model tells of itself."""

    @property
    def name(self) -> str:
        """What the settings call it."""

    @property
    def sha256(self) -> str | None:
        """That of its weights, None where it has none."""

    @property
    def runtime(self) -> str:
        """The library that computes it, and where it matters device and precision."""


class OfOneNetwork:
    """`Described`, of a model all of whose weights are those of its `network`."""

    network: Network

    @property
    def sha256(self) -> str:
        """That of its file."""
        return self.network.sha256

    @property
    def runtime(self) -> str:
        """What runs it; see `Network`."""
        return self.network.runtime


def description(model: Described) -> dict[str, str]:
    """Name, sha256 and runtime of a model, for the fingerprint and the files' metadata."""
    return {"name": model.name, "sha256": model.sha256 or "", "runtime": model.runtime}
