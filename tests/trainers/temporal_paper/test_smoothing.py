"""CNN-W and CNN-S over whole clips and around single pictures, held to their definitions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamfer.emotion.temporal.cnn_s import CnnS, taper
from streamfer.emotion.windows import Observations, gather
from trainers.corpora.samples import Clip, Pictures
from trainers.temporal.paper.sequences import Sequences
from trainers.temporal.paper.settings import LENGTHS, Temporal
from trainers.temporal.paper.smoothing import choose_length, cnn_s, cnn_w
from trainers.temporal.paper.units import units_of

ODD = st.sampled_from(LENGTHS)


@st.composite
def one_clip(draw: st.DrawFn, *, pictures: bool = False) -> Sequences:
    """A clip of up to 40 ticks, of which some have no face."""
    seen = draw(arrays.arrays(bool, st.integers(1, 40)).filter(np.any))
    tick = np.flatnonzero(seen)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    probabilities = rng.dirichlet(np.ones(7), len(tick)).astype(np.float32)
    own = np.ones(len(tick), bool)
    if pictures:
        own = rng.random(len(tick)) < 0.5
        own[0] = True
    span = Pictures(0, 1) if pictures else None
    return Sequences(
        (Clip("A", "one", Path("one.mp4"), 0, "somebody", span=span),),
        Observations(
            np.zeros(len(tick), np.int32),
            tick.astype(np.int32),
            np.zeros((len(tick), 512), np.float32),
            probabilities,
        ),
        own,
        5,
        "",
    )


def said(sequences: Sequences, method=cnn_s, **settings) -> np.ndarray:
    return method(sequences, units_of(sequences, [0]), replace(Temporal(), **settings))


@given(one_clip())
def test_cnn_w_is_the_mean_over_the_clip(clip: Sequences) -> None:
    assert said(clip, cnn_w) == pytest.approx(clip.faces.probabilities.mean(0)[None], abs=1e-6)


@given(one_clip(), ODD)
def test_cnn_s_cut_off_at_the_edges_is_that_of_a_window_as_long_as_the_clip(
    clip: Sequences, length: int
) -> None:
    tick = clip.faces.tick - clip.faces.tick[0]
    ticks = int(tick[-1]) + 1
    whole = gather(replace(clip.faces, tick=tick), range(1), window_ticks=ticks, stride_ticks=ticks)
    found = said(clip, smoothing=f"{length} frames", smoothing_edge="cut")
    assert found == pytest.approx(CnnS(length).recognise(whole), abs=1e-6)


@given(one_clip(), ODD, st.sampled_from(["hann", "hamming"]))
def test_cnn_s_inside_begins_with_the_first_frame_and_goes_on_frame_by_frame(
    clip: Sequences, length: int, shape: str
) -> None:
    tick = clip.faces.tick - clip.faces.tick[0]
    frames = np.zeros((tick[-1] + 1, 7))
    frames[tick] = clip.faces.probabilities
    length = max(odd for odd in range(1, length + 1, 2) if odd <= len(frames))
    weights = taper(shape, length)
    total = sum(
        weights @ frames[first : first + length] for first in range(len(frames) - length + 1)
    )
    found = said(clip, smoothing=f"{max(length, 3)} frames", smoothing_shape=shape)
    assert found == pytest.approx((total / total.sum())[None], abs=1e-6)


@given(one_clip(pictures=True), ODD)
def test_a_picture_is_smoothed_by_those_around_it_whatever_clip_they_are_in(
    clip: Sequences, length: int
) -> None:
    found = said(clip, smoothing=f"{length} frames")
    tick, probabilities = clip.faces.tick, clip.faces.probabilities
    assert len(found) == clip.own.sum()
    for row, now in zip(found, tick[clip.own], strict=True):
        away = tick - now + length // 2
        near = (away >= 0) & (away < length)
        total = taper("hann", length)[away[near]] @ probabilities[near]
        assert row == pytest.approx(total / total.sum(), abs=1e-6)


@given(one_clip(pictures=True))
def test_cnn_w_of_a_picture_is_the_mean_of_two_seconds_around_it(clip: Sequences) -> None:
    found = said(clip, cnn_w)
    for row, now in zip(found, clip.faces.tick[clip.own], strict=True):
        near = abs(clip.faces.tick - now) <= 5
        assert row == pytest.approx(clip.faces.probabilities[near].mean(0), abs=1e-6)


def flickering(name: str, period: int) -> Sequences:
    """Forty pictures each of happiness and of anger, one in `period` of which says the other."""
    tick = np.arange(80)
    label = np.where(tick < 40, 1, 6)
    shown = np.where(tick % period == 0, 7 - label, label)
    clips = tuple(
        Clip(name, f"{n}", Path(f"{name}{n}.mp4"), label, "p", span=Pictures(n * 40, n * 40 + 40))
        for n, label in enumerate((1, 6))
    )
    probabilities = np.full((160, 7), 0.05, np.float32)
    probabilities[np.arange(160), np.tile(shown, 2)] = 0.7
    track = np.repeat([0, 1], 80)
    return Sequences(
        clips,
        Observations(
            track.astype(np.int32),
            np.tile(tick, 2).astype(np.int32),
            np.zeros((160, 512), np.float32),
            probabilities,
        ),
        np.tile(tick, 2) // 40 == track,
        5,
        "",
    )


def test_the_length_is_the_one_with_the_highest_mean_over_corpora() -> None:
    corpora = [flickering("steady", 80), flickering("unsteady", 3)]
    tried = choose_length(corpora, Temporal())
    assert tried.corpora == ("steady", "unsteady")
    assert tried.lengths == tuple(range(3, 100, 2))
    for uars, corpus in zip(tried.uar, corpora, strict=True):
        units = units_of(corpus, range(2))
        for length in (3, 41, 99):
            settings = replace(Temporal(), smoothing=f"{length} frames")
            right = cnn_s(corpus, units, settings).argmax(1) == corpus.labels[units.clip]
            by_label = (right[units.clip == clip].mean() for clip in (0, 1))
            assert uars[tried.lengths.index(length)] == pytest.approx(np.mean(list(by_label)))
    # Three frames cannot mend the flicker, and the longest smear the labels' border.
    assert 5 <= tried.best <= 41
    mean = tried.uar.mean(0)
    assert mean[tried.lengths.index(tried.best)] > max(mean[0], mean[-1])
