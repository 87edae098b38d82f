"""Corpora made of numbers: clips in which each expression has an embedding of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streamfer.emotion.windows import Observations
from trainers.corpora.samples import Clip, Pictures
from trainers.temporal.paper.sequences import Sequences

FPS = 5


def made(
    corpus: str, *, participants: int = 8, each: int = 4, labels: int = 2, pictures: bool = False
) -> Sequences:
    """`each` clips of `participants`, 6 to 20 ticks long, that show one of `labels` expressions.

    Embeddings and probabilities tell the label, but for every fifth face, which tells another.
    """
    rng = np.random.default_rng(sum(map(ord, corpus)))
    signs = np.random.default_rng(0).uniform(0, 1, (7, 512)).astype(np.float32)
    clips, track, tick, shown = [], [], [], []
    for number in range(participants * each):
        length = int(rng.integers(6, 21))
        first = 100 if pictures else 0
        name = f"{number:03}"
        clips.append(
            Clip(
                corpus,
                name,
                Path(f"/{corpus}/{name}.mp4"),
                label=number // participants % labels,
                participant=f"{corpus} {number % participants}",
                span=Pictures(0, length) if pictures else None,
                split=("train", "development")[number % participants % 2] if pictures else "",
            )
        )
        seen = first + np.flatnonzero(rng.random(length) < 0.9)
        seen = seen if len(seen) else np.array([first])
        track.append(np.full(len(seen), number))
        tick.append(seen)
        wrong = rng.random(len(seen)) < 0.2
        shown.append(np.where(wrong, rng.integers(0, labels, len(seen)), clips[-1].label))
    said = np.concatenate(shown)
    probabilities = np.full((len(said), 7), 0.05, np.float32)
    probabilities[np.arange(len(said)), said] = 0.7
    noise = rng.uniform(0, 0.2, (len(said), 512)).astype(np.float32)
    return Sequences(
        tuple(clips),
        Observations(
            np.concatenate(track).astype(np.int32),
            np.concatenate(tick).astype(np.int32),
            signs[said] + noise,
            probabilities,
        ),
        np.ones(len(said), bool),
        FPS,
        "0" * 64,
    )
