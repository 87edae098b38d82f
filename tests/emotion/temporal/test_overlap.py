"""The released averaging, against the loop that the authors' code runs."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.cnn_w import CnnW
from streamfer.emotion.temporal.method import TemporalMethod
from streamfer.emotion.temporal.overlap import Averaged
from streamfer.emotion.windows import Windows, gather
from tests.emotion.sightings import TRACKS, observe, sightings


@st.composite
def overlaps(draw: st.DrawFn) -> Analysis:
    """Windows of up to 2.4 s with any stride that leaves no sample out, and any policy."""
    window_ticks = draw(st.integers(1, 12))
    stride_ticks = draw(st.integers(1, window_ticks))
    smoothing, edge = draw(
        st.sampled_from([("window", "window"), ("7 frames", "window"), ("7 frames", "track")])
    )
    return Analysis(
        window_s=window_ticks / 5,
        stride_s=stride_ticks / 5,
        segment_s=stride_ticks,
        gaps=draw(st.sampled_from(["mask", "hold", "repeat"])),
        smoothing=smoothing,
        smoothing_edge=edge,
        overlap="average",
    )


def lay_out(
    pairs: list[tuple[int, int]], method: TemporalMethod, settings: Analysis, windows: range
) -> Windows:
    return gather(
        observe(pairs),
        windows,
        window_ticks=settings.window_ticks,
        stride_ticks=settings.stride_ticks,
        context_ticks=round(method.context_s * settings.fps),
        gaps=settings.gaps,
        hold_ticks=settings.hold_ticks,
    )


def released(
    ticks: list[int], track: int, method: TemporalMethod, settings: Analysis
) -> dict[int, np.ndarray]:
    """What the authors' loop gives for one track, by window: a row is its frames' mean."""
    length, step = settings.window_ticks, settings.stride_ticks
    predictions = defaultdict(list)
    starts = range(0, max(ticks) + 1, step)
    for start in starts:
        inside = [tick for tick in ticks if start <= tick < start + length]
        if inside:
            number = start // step
            alone = lay_out(
                [(track, tick) for tick in ticks], method, settings, range(number, number + 1)
            )
            for tick in inside:
                predictions[tick].append(method.recognise(alone)[0].astype(float))
    frames = {tick: np.mean(of_windows, axis=0) for tick, of_windows in predictions.items()}
    rows = {}
    for start in starts:
        inside = [frames[tick] for tick in ticks if start <= tick < start + length]
        if inside:
            rows[start // step] = np.mean(inside, axis=0)
    return rows


@given(sightings, overlaps(), st.booleans())
def test_rows_are_those_of_the_released_loop(pairs, settings, smooth):
    method = CnnS.of(settings) if smooth else CnnW()
    averaged = Averaged(method, settings)
    expected = [
        row
        for track in TRACKS
        if (ticks := [tick for of, tick in pairs if of == track])
        for row in released(ticks, track, method, settings).values()
    ]

    found = averaged.recognise(lay_out(pairs, averaged, settings, range(70)))

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 7)), rtol=0, atol=1e-6)


def test_a_face_that_is_always_seen_weighs_a_quarter_a_half_and_a_quarter():
    settings = Analysis(overlap="average")
    pairs = [(0, tick) for tick in range(40)]
    before, own, after = CnnW().recognise(lay_out(pairs, CnnW(), settings, range(2, 5)))
    averaged = Averaged(CnnW(), settings)

    row = averaged.recognise(lay_out(pairs, averaged, settings, range(3, 4)))[0]

    np.testing.assert_allclose(row, before / 4 + own / 2 + after / 4, rtol=0, atol=1e-6)


def test_no_window_begins_before_the_video():
    settings = Analysis(overlap="average")
    pairs = [(0, tick) for tick in range(40)]
    own, after = CnnW().recognise(lay_out(pairs, CnnW(), settings, range(2)))
    averaged = Averaged(CnnW(), settings)

    row = averaged.recognise(lay_out(pairs, averaged, settings, range(1)))[0]

    np.testing.assert_allclose(row, own * 3 / 4 + after / 4, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("window_s", "stride_s", "method", "context_s"),
    [
        (2, 1, CnnW(), 1),
        (2, 2, CnnW(), 0),
        (2, 0.6, CnnW(), 1.8),
        (2, 1, CnnS(71, context_s=7.0), 8),
    ],
)
def test_it_looks_as_far_as_windows_overlap_and_their_method_looks(
    window_s, stride_s, method, context_s
):
    settings = Analysis(window_s=window_s, stride_s=stride_s, segment_s=6, overlap="average")

    assert Averaged(method, settings).context_s == pytest.approx(context_s)


def test_it_bears_the_name_of_its_method():
    averaged = Averaged(CnnS(), Analysis(overlap="average"))

    assert (averaged.name, averaged.sha256, averaged.backbone_sha256, averaged.runtime) == (
        "cnn-s",
        None,
        None,
        "numpy",
    )
