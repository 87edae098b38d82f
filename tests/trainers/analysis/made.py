"""Predictions made by hand."""

from collections.abc import Sequence

import numpy as np

from trainers.predictions import Predictions


def said(
    labels: Sequence[int],
    guesses: Sequence[int],
    participants: Sequence[str] | None = None,
    corpus: str = "RAVDESS",
) -> Predictions:
    """A model that is sure of each guess; participants None: nobody knows them."""
    count = len(labels)
    return Predictions(
        np.full(count, corpus),
        np.array([f"sample {i}" for i in range(count)]),
        np.array(participants if participants is not None else [""] * count, str),
        np.full(count, corpus),
        np.array(labels, np.int64),
        np.eye(7, dtype=np.float32)[list(guesses)],
    )
