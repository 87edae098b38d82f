"""Which segment a node does next: one of a video that it is at already, if it can."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from streamfer.pipeline.plan import Segment


@dataclass(eq=False)
class _Stretch:
    """Consecutive segments of one video, and the node that does them; never empty for long."""

    segments: deque[Segment]
    home: str = ""

    def halved(self, home: str) -> _Stretch:
        """The latter half, taken away from here; all of a single segment."""
        kept = len(self.segments) // 2
        taken = [self.segments.pop() for _ in range(len(self.segments) - kept)]
        return _Stretch(deque(reversed(taken)), home)


@dataclass(frozen=True)
class _Returned:
    segment: Segment
    avoid: str
    prefer: str | None

    def choose(self, nodes: set[str]) -> set[str]:
        """Those of `nodes` that may have it."""
        return nodes & {self.prefer} or nodes - {self.avoid} or nodes


class Queue:
    """The segments that wait.

    Consecutive segments of a video go to one node, whose page cache and disks know it, in
    order. A node without work begins another video, or else takes over half of what is left of
    one. What failed on a node is tried on another, if there is one.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._count = len(segments)
        self._fresh = deque(
            _Stretch(deque(group)) for _, group in groupby(segments, lambda part: part.folder)
        )
        self._begun: list[_Stretch] = []
        self._returned: list[_Returned] = []
        self._unreadable: defaultdict[str, set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return self._count

    def take(self, node: str, nodes: Collection[str]) -> Segment | None:
        """The next segment for a worker on `node`, one of the `nodes` that have workers."""
        for item in self._returned:
            able = {one for one in nodes if self.may_go(item.segment, one, nodes)}
            if node in item.choose(able):
                self._returned.remove(item)
                self._count -= 1
                return item.segment
        stretch = self._stretch_for(node, nodes)
        if stretch is None:
            return None
        self._count -= 1
        segment = stretch.segments.popleft()
        if not stretch.segments:
            self._begun.remove(stretch)
        return segment

    def _stretch_for(self, node: str, nodes: Collection[str]) -> _Stretch | None:
        open_to_it = [one for one in self._begun if self.may_go(one.segments[0], node, nodes)]
        for stretch in open_to_it:
            if stretch.home == node:
                return stretch
        if self._fresh:
            stretch = self._fresh.popleft()
            stretch.home = node
        elif open_to_it:
            longest = max(open_to_it, key=lambda one: len(one.segments))
            stretch = longest.halved(node)
            if not longest.segments:
                self._begun.remove(longest)
        else:
            return None
        self._begun.append(stretch)
        return stretch

    def put_back(self, segment: Segment, avoid: str, prefer: str | None = None) -> None:
        """Have a segment done again, soon: on another node than one, on a certain one if it can."""
        self._count += 1
        self._returned.append(_Returned(segment, avoid, prefer))

    def note_unreadable(self, segment: Segment, node: str, nodes: Collection[str]) -> bool:
        """Let a node have no more of a video that it cannot read. Whether another of `nodes` may.

        Where none can read it, all may try.
        """
        unreadable = self._unreadable[segment.folder]
        unreadable.add(node)
        return not unreadable.issuperset(nodes)

    def may_go(self, segment: Segment, node: str, nodes: Collection[str]) -> bool:
        """Whether a node, one of `nodes`, is not known to be unable to read a segment's video."""
        unreadable = self._unreadable.get(segment.folder)
        return not unreadable or node not in unreadable or unreadable.issuperset(nodes)
