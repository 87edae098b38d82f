"""What the raters of a corpus agree on, and how far they must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.files import NOT_OF_THE_SEVEN

AGREEMENT = 0.6
"""The share of the raters that must agree on a label (section 4.1: "at least 60%")."""

Raters = Literal["face", "voice", "both"]
"""What the raters whose votes count were given, where a corpus tells them apart (CREMA-D). The
paper does not say; the face alone is what this study sees."""

CONTRADICTING = "as many raters chose another of the seven expressions"


@dataclass(frozen=True)
class Elected:
    """What the raters chose: an index into `EMOTIONS`, and the share of them who did."""

    label: int
    share: float


def elect(votes: Mapping[str, int], raters: int, agreement: float) -> Elected | str:
    """Choose among the seven expressions the one that most of `raters` named.

    votes: how many named each emotion, of the seven or not; a rater may name several. Returns
    why there is none instead: too few agree, they agree on something else, or on two.
    """
    shares = {emotion: count / raters for emotion, count in votes.items()}
    best = max((shares.get(emotion, 0.0) for emotion in EMOTIONS), default=0.0)
    if best < agreement:
        others = any(share >= agreement for share in shares.values())
        return NOT_OF_THE_SEVEN if others else too_few(agreement)
    winners = [label for label, emotion in enumerate(EMOTIONS) if shares.get(emotion) == best]
    return CONTRADICTING if len(winners) > 1 else Elected(winners[0], best)


def too_few(agreement: float) -> str:
    """The reason for leaving out a sample on which fewer raters agree."""
    return f"fewer than {agreement:.0%} of the raters agree"
