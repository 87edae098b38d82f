"""What a segment's deaths come to: whether it is tried again, alone, or given up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable

from streamfer.pipeline.plan import Segment

ALONE_AFTER = 2
"""Deaths after which a segment is run alone, so that whose fault they are is certain."""

MAX_ATTEMPTS = 3
"""Deaths that lose a segment: the last is one alone."""

_MAX_DEATHS = 10  # with those that came with a lost node, which a segment may have brought down


class Attempts:
    """Counts how often each segment ended its worker.

    A death that came with the loss of a node is nobody's fault. Often the worker is seen to
    die first and its node later, so each death is counted only for as long as its nodes live.
    """

    def __init__(self) -> None:
        self._deaths: defaultdict[tuple[str, int], list[frozenset[str]]] = defaultdict(list)

    def died(self, segment: Segment, nodes: Iterable[str]) -> None:
        """Note the death of a segment's worker, which stood on these nodes."""
        self._deaths[segment.folder, segment.index].append(frozenset(nodes))

    def count(self, segment: Segment, alive: Container[str]) -> int:
        """How many deaths count, of the nodes that are `alive`."""
        deaths = self._deaths.get((segment.folder, segment.index), ())
        return sum(all(node in alive for node in nodes) for nodes in deaths)

    def is_lost(self, segment: Segment, alive: Container[str]) -> bool:
        """Whether a segment has had all its attempts."""
        deaths = self._deaths.get((segment.folder, segment.index), ())
        return self.count(segment, alive) >= MAX_ATTEMPTS or len(deaths) >= _MAX_DEATHS
