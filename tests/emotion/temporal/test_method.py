"""What every temporal method without weights promises, whatever the settings of time are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.emotion.temporal.load import load_temporal
from streamfer.emotion.windows import Observations, Windows, gather
from tests.emotion.sightings import observe, sightings


@st.composite
def settings_of_time(draw: st.DrawFn) -> Analysis:
    smoothing = draw(st.sampled_from(["window", "3 frames", "1 s", "31 frames"]))
    edges = ["window"] if smoothing == "window" else ["window", "track"]
    return Analysis(
        temporal=draw(st.sampled_from(["cnn-w", "cnn-s"])),
        gaps=draw(st.sampled_from(["mask", "hold", "repeat"])),
        hold_s=draw(st.integers(0, 6)) / 5,
        smoothing=smoothing,
        smoothing_shape=draw(st.sampled_from(["hann", "hamming"])),
        smoothing_edge=draw(st.sampled_from(edges)),
        overlap=draw(st.sampled_from(["own", "average"])),
    )


def read(
    settings: Analysis, observations: Observations, windows: range
) -> tuple[Windows, np.ndarray]:
    """The windows that the settings ask for, and what their method says of them."""
    method = load_temporal(settings, "cpu")
    laid_out = gather(
        observations,
        windows,
        window_ticks=settings.window_ticks,
        stride_ticks=settings.stride_ticks,
        context_ticks=round(method.context_s * settings.fps),
        gaps=settings.gaps,
        hold_ticks=settings.hold_ticks,
    )
    return laid_out, method.recognise(laid_out)


@given(sightings, settings_of_time())
def test_each_window_gets_a_distribution(pairs, settings):
    windows, found = read(settings, observe(pairs), range(20))

    assert (found.shape, found.dtype) == ((len(windows), 7), np.float32)
    np.testing.assert_allclose(found.sum(axis=1, dtype=np.float64), 1, rtol=0, atol=1e-6)
    assert (found >= 0).all()


@given(sightings, settings_of_time(), st.integers(1, 1_000_000))
def test_a_shift_by_whole_strides_shifts_the_rows_only(pairs, settings, strides):
    # The faces begin so late that no method sees the beginning of the video.
    plain = observe([(track, tick + 40) for track, tick in pairs])
    later = Observations(
        plain.track, plain.tick + 5 * strides, plain.embeddings, plain.probabilities
    )

    here, found = read(settings, plain, range(7, 40))
    there, shifted = read(settings, later, range(strides + 7, strides + 40))

    np.testing.assert_array_equal(there.window, here.window + strides)
    np.testing.assert_array_equal(there.track, here.track)
    np.testing.assert_array_equal(shifted, found)


@given(sightings, settings_of_time(), st.integers(1, 6))
def test_a_stretch_of_the_video_with_its_context_gives_the_same_rows(pairs, settings, length):
    margin = round(load_temporal(settings, "cpu").context_s * 5)
    _, whole = read(settings, observe(pairs), range(20))
    pieces = []
    for first in range(0, 20, length):
        windows = range(first, min(first + length, 20))
        from_tick, until_tick = 5 * first - margin, 5 * windows[-1] + 10 + margin
        near = [pair for pair in pairs if from_tick <= pair[1] < until_tick]
        laid_out, rows = read(settings, observe(near), windows)
        pieces += zip(laid_out.track, laid_out.window, rows, strict=True)

    found = [row for _, _, row in sorted(pieces, key=lambda piece: piece[:2])]

    np.testing.assert_allclose(np.reshape(found, (-1, 7)), whole, rtol=0, atol=1e-6)


@given(sightings, settings_of_time(), st.data())
def test_a_face_that_is_not_finite_changes_nothing_but_its_absence(pairs, settings, data):
    observations = observe(pairs)
    broken = data.draw(st.sets(st.sampled_from(range(len(pairs))))) if pairs else set()
    for row in broken:
        observations.probabilities[row] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    kept = [pair for row, pair in enumerate(pairs) if row not in broken]

    _, found = read(settings, observations, range(20))

    _, expected = read(settings, observe(kept), range(20))
    np.testing.assert_array_equal(found, expected)


@given(st.integers(0, 60), settings_of_time())
def test_a_track_of_one_face_says_what_that_face_says(tick, settings):
    observations = observe([(0, tick)])

    windows, found = read(settings, observations, range(20))

    assert windows.window.tolist() == [w for w in (tick // 5 - 1, tick // 5) if w >= 0]
    expected = np.repeat(observations.probabilities, len(windows), axis=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@given(sightings, sightings, settings_of_time())
def test_windows_do_not_influence_each_other(pairs, others, settings):
    windows, _ = read(settings, observe(pairs), range(20))
    neighbours, _ = read(settings, observe(others), range(20))
    method = load_temporal(settings, "cpu")

    together = method.recognise(Windows.concatenate([windows, neighbours]))

    alone = [method.recognise(windows), method.recognise(neighbours)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=0, atol=1e-6)
