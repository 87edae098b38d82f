"""What a corpus gives: labelled stretches of video, or labelled pictures, and what was left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from streamfer.emotion.labels import EMOTIONS

Split = Literal["", "train", "development", "test"]
"""The part of a corpus's official division that a sample lies in; "" where there is none."""

WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Seconds:
    """From `start` until before `end`, seconds from the video's first picture."""

    start: float
    end: float


@dataclass(frozen=True)
class Pictures:
    """From picture `first` until before `end`, in the order in which the video shows them."""

    first: int
    end: int


@dataclass(frozen=True)
class Clip:
    """A stretch of video in which one participant shows one expression.

    name: unique in the corpus, and what reports call it. label: an index into `EMOTIONS`.
    participant, session: unique in the corpus; session is "" where it has none. take: recordings
    of the same performance share it, and it is never divided between folds; "" if it is the
    clip's own. span: None is the whole video. region: left, top, right, bottom as fractions of
    the picture as displayed, in which the participant is seen. confidence: the share of raters
    who chose the label, 1 where nobody was asked. video: in a `Reading`, with all links resolved.
    """

    corpus: str
    name: str
    video: Path
    label: int
    participant: str
    session: str = ""
    take: str = ""
    span: Seconds | Pictures | None = None
    region: tuple[float, float, float, float] = WHOLE
    confidence: float = 1.0
    split: Split = ""

    @property
    def count(self) -> int:
        """How many samples it is in the paper's Table 3, which counts pictures of AffWild2."""
        return self.span.end - self.span.first if isinstance(self.span, Pictures) else 1


@dataclass(frozen=True)
class Still:
    """A labelled picture of a face; `trainers.corpora.pictures.load` reads it.

    source: the picture's file, or the archive or table that holds it. member: its name or its
    place there, "" if it is a file. box: left, top, right, bottom of the face in pixels; None:
    the picture is the face. name, label, participant and split are as in `Clip`; participant
    is "" where nobody knows.
    """

    corpus: str
    name: str
    source: Path
    member: str
    label: int
    participant: str = ""
    split: Split = ""
    box: tuple[float, float, float, float] | None = None

    @property
    def count(self) -> int:
        """How many samples it is, as of `Clip`."""
        return 1


Sample = TypeVar("Sample", Clip, Still)


@dataclass(frozen=True)
class Omission:
    """A sample that was not taken: why, in the same few words for all such, and which."""

    reason: str
    name: str


@dataclass(frozen=True)
class Reading(Generic[Sample]):
    """What was found of a corpus; `samples` are sorted by name."""

    corpus: str
    samples: tuple[Sample, ...]
    omitted: tuple[Omission, ...] = ()

    def counts(self, split: Split | None = None) -> tuple[int, ...]:
        """How many samples each expression has, in the order of `EMOTIONS`; None: of all splits."""
        counted: Counter[int] = Counter()
        for sample in self.samples:
            if split is None or sample.split == split:
                counted[sample.label] += sample.count
        return tuple(counted[label] for label in range(len(EMOTIONS)))

    def reasons(self) -> dict[str, int]:
        """How many samples were left out for each reason, the most frequent first."""
        return dict(Counter(omission.reason for omission in self.omitted).most_common())
