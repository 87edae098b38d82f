"""Which windows clips have, which of them teach, and what their predictions say of units."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.emotion.windows import Observations
from trainers.corpora.samples import Clip, Pictures, Seconds
from trainers.temporal.paper.sequences import Sequences
from trainers.temporal.paper.units import mean_over_windows, predictions_of, units_of
from trainers.temporal.paper.windows import lay_out


def clips_at(ticks: list[list[int]], *, own: list[list[int]] | None = None) -> Sequences:
    """A clip for each list of ticks; with `own`, those of clips of pictures in its spans."""
    span = Pictures(0, 1) if own else Seconds(0, 9)
    rows = [(clip, tick) for clip, of_clip in enumerate(ticks) for tick in of_clip]
    count = len(rows)
    return Sequences(
        tuple(
            Clip("A", f"clip {n}", Path(f"{n}.mp4"), n % 7, f"p{n}", span=span)
            for n in range(len(ticks))
        ),
        Observations(
            np.array([clip for clip, _ in rows], np.int32),
            np.array([tick for _, tick in rows], np.int32),
            np.arange(count, dtype=np.float32)[:, None] * np.ones((1, 512), np.float32) + 1,
            np.full((count, 7), 1 / 7, np.float32),
        ),
        np.array([own is None or tick in own[clip] for clip, tick in rows]),
        5,
        "",
    )


def test_windows_begin_every_second_from_the_clips_start() -> None:
    laid = lay_out(clips_at([[*range(12)], [3, 4]]), Analysis())
    assert laid.windows.track.tolist() == [0, 0, 0, 1]
    assert laid.windows.window.tolist() == [0, 1, 2, 0]
    assert laid.windows.faces.tolist() == [10, 7, 2, 2]
    assert laid.labels.tolist() == [0, 0, 0, 1]
    assert laid.of([1]).windows.faces.tolist() == [2]


def test_gaps_stay_empty_or_are_filled_as_the_settings_say() -> None:
    clips = clips_at([[2, 3, 6]])
    embeddings, present = lay_out(clips, Analysis()).tensors(np.array([0]))
    assert embeddings[0, :, 0].tolist() == [0, 0, 1, 2, 0, 0, 3, 0, 0, 0]
    assert present[0].tolist() == [0, 0, 1, 1, 0, 0, 1, 0, 0, 0]
    embeddings, present = lay_out(clips, Analysis(gaps="repeat")).tensors(np.array([0]))
    assert embeddings[0, :, 0].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 3]
    assert present.all()


def test_windows_that_show_mostly_another_label_do_not_teach() -> None:
    # Pictures 12 to 16 of a face that is seen throughout.
    laid = lay_out(clips_at([[*range(30)]], own=[[*range(12, 17)]]), Analysis())
    assert laid.windows.window.tolist() == [1, 2, 3]
    assert laid.own.tolist() == pytest.approx([0.3, 0.5, 0.2])
    assert laid.teachable.windows.window.tolist() == [2]


@given(
    st.lists(st.sets(st.integers(0, 30), min_size=1), min_size=1, max_size=4),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_unit_is_the_mean_of_the_windows_that_show_it(sets, pictures, random) -> None:
    ticks = [sorted(one) for one in sets]
    own = [[tick for tick in one if random.random() < 0.5] or one for one in ticks]
    sequences = clips_at(ticks, own=own if pictures else None)
    chosen = [n for n in range(len(ticks)) if random.random() < 0.7] or [0]
    laid = lay_out(sequences, Analysis()).of(chosen)
    said = np.random.default_rng(0).dirichlet(np.ones(7), len(laid))
    units = units_of(sequences, chosen)
    found = predictions_of(
        sequences, units, mean_over_windows(said, laid.windows, units), "left out"
    )

    expected = {}
    for clip in chosen:
        windows = np.flatnonzero(laid.windows.track == clip)
        first = laid.windows.window[windows] * 5
        if not pictures:
            expected[f"clip {clip}"] = said[windows].mean(0)
            continue
        for tick in own[clip]:
            covering = windows[(first <= tick) & (tick < first + 10)]
            expected[f"clip {clip} tick {tick}"] = said[covering].mean(0)
    assert sorted(found.sample) == sorted(expected)
    assert len(set(found.sample)) == len(found)
    for name, label, probabilities in zip(
        found.sample, found.labels, found.probabilities, strict=True
    ):
        assert probabilities == pytest.approx(expected[name], abs=1e-6)
        assert label == int(name.split()[1]) % 7
    assert set(found.fold) == {"left out"}
