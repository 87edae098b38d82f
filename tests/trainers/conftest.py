"""Windows made by hand, on which the figures of temporal methods can be counted."""

import numpy as np
import pytest

from streamfer.config import Analysis
from trainers.temporal.examples import Examples, lay_out
from trainers.temporal.readings import AS_IT_IS, Readings
from trainers.temporal.sequences import NO_LABEL


@pytest.fixture
def three_people() -> Examples:
    """Two labelled people and one in a clip, for 20 ticks, as they are and in a copy.

    Each is sure of one emotion: 1, 2, 3. In the copy the first five faces are spoilt; of the
    first person they say 4.
    """
    sequence, copy, tick = (part.ravel() for part in np.mgrid[:3, :2, :20])
    spoilt = (copy == 1) & (tick < 5)
    said = np.where(spoilt & (sequence == 0), 4, np.array([1, 2, 3])[sequence])
    return lay_out(
        Readings(
            persons=np.array(["one", "two", "three"]),
            clips=np.array(["", "", "clip.mp4"]),
            kinds=np.array([[AS_IT_IS, 0]] * 3),
            sequence=sequence,
            copy=copy,
            tick=tick,
            label=np.array([1, 2, NO_LABEL])[sequence],
            spoilt=spoilt,
            seen=np.ones(len(tick), bool),
            embeddings=np.zeros((len(tick), 512), np.float32),
            probabilities=np.eye(7, dtype=np.float32)[said],
        ),
        Analysis(),
    )
