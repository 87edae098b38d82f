"""Mixup probes: what the network says of two faces laid over each other (section 5.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamfer.errors import UsageError
from trainers.analysis.explain.explainable import Explainable


@dataclass(frozen=True)
class Probe:
    """Two faces and their mixture, with what the network says of each.

    faces: uint8 (3, S, S, 3) RGB: a, b and the mixture. probabilities: float32 (3, 7). share:
    that of a in the mixture.
    """

    faces: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    share: float

    def expected(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Such vectors of a and b (2, 7), and as third row their mixture: (3, 7)."""
        a, b = np.asarray(vectors, np.float64)
        return np.stack([a, b, self.share * a + (1 - self.share) * b])


def mixup_probe(
    explainable: Explainable, a: NDArray[np.uint8], b: NDArray[np.uint8], share: float
) -> Probe:
    """Show the network a, b, and share · a + (1 − share) · b, rounded to whole numbers.

    `a` and `b` are faces that are cut out, uint8 (H, W, 3) RGB of any size.

    Raises:
        UsageError: The share does not lie between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"The share of a mixture is {share}; it must lie between 0 and 1.")
    pair = explainable.fit([a, b])
    mixture = np.rint(share * pair[0].astype(np.float64) + (1 - share) * pair[1]).astype(np.uint8)
    faces = np.stack([*pair, mixture])
    return Probe(faces, explainable.probabilities(list(faces)), share)
