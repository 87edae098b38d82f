"""Episodes tile a track, and one odd window makes none."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.emotion.episodes import Episode, find_episodes
from streamfer.emotion.labels import EMOTIONS

ANALYSES = [Analysis(), Analysis(window_s=1.0, stride_s=0.6, segment_s=60.0)]
NEUTRAL, HAPPINESS, SADNESS = range(3)


def leaning(label: int, probability: float) -> np.ndarray:
    """A window that gives one label this probability, and the others the rest."""
    window = np.full(7, (1 - probability) / 6)
    window[label] = probability
    return window


def episodes_of(*windows: np.ndarray) -> list[Episode]:
    return find_episodes(np.arange(len(windows)), np.array(windows), Analysis())


def found(*windows: np.ndarray) -> list[tuple[str, float, float]]:
    return [(one.emotion, one.start_s, one.end_s) for one in episodes_of(*windows)]


@st.composite
def tracks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Windows of one track, with absences, and any probabilities."""
    gaps = draw(st.lists(st.integers(1, 6), max_size=40))
    window = np.cumsum([draw(st.integers(0, 1000)), *gaps])
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    concentration = draw(st.sampled_from([0.1, 1, 10]))
    return window, rng.dirichlet(np.full(7, concentration), len(window)).astype(np.float32)


@given(tracks(), st.sampled_from(ANALYSES))
def test_episodes_hold_each_window_once_and_follow_each_other(track, analysis: Analysis):
    window, probabilities = track
    start_s = window * analysis.stride_s
    episodes = find_episodes(window, probabilities, analysis)
    assert [row for one in episodes for row in range(one.first, one.stop)] == list(
        range(len(window))
    )
    assert episodes[0].start_s == start_s[0]
    assert episodes[-1].end_s == start_s[-1] + analysis.window_s
    for one in episodes:
        assert one.start_s < one.peak_s < one.end_s
        rows = probabilities[one.first : one.stop, EMOTIONS.index(one.emotion)]
        assert one.peak_probability == rows.max()
        assert one.mean_probability == pytest.approx(rows.mean(), abs=1e-6)
        centres = start_s[one.first : one.stop] + analysis.window_s / 2
        assert one.peak_s == centres[rows.argmax()]
    for one, other in itertools.pairwise(episodes):
        last, first = start_s[one.stop - 1], start_s[other.first]
        if one.end_s == other.start_s:
            assert one.emotion != other.emotion
            assert one.end_s == pytest.approx((last + first + analysis.window_s) / 2)
        else:  # the face was away
            assert (one.end_s, other.start_s) == (last + analysis.window_s, first)


@given(tracks())
def test_absences_part_episodes_and_nothing_else_makes_one_of_a_single_window(track):
    window, probabilities = track
    away = np.diff(window) > 3  # of a second each; a window is two
    parts = np.split(np.arange(len(window)), np.flatnonzero(away) + 1)
    episodes = find_episodes(window, probabilities, Analysis())
    for part in parts:
        inside = [one for one in episodes if part[0] <= one.first <= part[-1]]
        assert (inside[0].first, inside[-1].stop - 1) == (part[0], part[-1])
        assert all(one.stop - one.first >= 2 for one in inside) or len(part) == 1


@given(tracks())
def test_no_other_labelling_is_better(track):
    """Against every labelling of a short track by two labels that last for two windows.

    Labels that only one window shows most do not count beside others.
    """
    window, probabilities = track
    window, probabilities = np.arange(len(window))[:9], probabilities[:9]
    episodes = find_episodes(window, probabilities, Analysis())
    chosen = [EMOTIONS.index(one.emotion) for one in episodes for _ in range(one.first, one.stop)]

    def worth(labels: tuple[int, ...] | list[int]) -> float:
        changes = sum(a != b for a, b in itertools.pairwise(labels))
        return probabilities[range(len(labels)), labels].sum(dtype=float) - 0.6 * changes

    often = np.bincount(probabilities.argmax(axis=1), minlength=7) > 1
    considered = np.flatnonzero(often if often.any() else ~often)
    both = considered[probabilities[:, considered].sum(axis=0).argsort()[-2:]]
    for labels in itertools.product(both, repeat=len(window)):
        lengths = [len(list(run)) for _, run in itertools.groupby(labels)]
        if min(lengths) >= min(2, len(window)):
            assert worth(chosen) >= worth(labels) - 1e-6


@given(tracks(), st.integers(1, 100_000))
def test_a_shift_in_time_shifts_times_alone(track, windows: int):
    window, probabilities = track
    before = find_episodes(window, probabilities, Analysis())
    after = find_episodes(window + windows, probabilities, Analysis())
    assert [
        (one.first, one.stop, one.emotion, one.start_s + windows, one.end_s + windows)
        for one in before
    ] == [(one.first, one.stop, one.emotion, one.start_s, one.end_s) for one in after]
    assert [one.peak_s + windows for one in before] == [one.peak_s for one in after]


@example(steady=[0.5625, 0.5625], place=0, odd=1.0)
@given(
    st.lists(st.floats(0.55, 1), min_size=2, max_size=12),
    st.integers(0, 12),
    st.floats(0, 1),
)
def test_one_odd_window_in_a_steady_track_makes_no_episode(
    steady: list[float], place: int, odd: float
):
    windows = [leaning(NEUTRAL, probability) for probability in steady]
    windows.insert(place, leaning(SADNESS, odd))
    assert [one.emotion for one in episodes_of(*windows)] == ["neutral"]


def test_two_sure_windows_or_three_moderate_ones_make_an_episode():
    calm, sure, moderate = leaning(NEUTRAL, 0.9), leaning(SADNESS, 0.9), leaning(SADNESS, 0.6)
    unsure = leaning(NEUTRAL, 0.6)
    assert found(*[calm] * 3, *[sure] * 2, *[calm] * 3) == [
        ("neutral", 0, 3.5),
        ("sadness", 3.5, 5.5),
        ("neutral", 5.5, 9),
    ]
    assert found(*[unsure] * 3, *[moderate] * 2, *[unsure] * 3) == [("neutral", 0, 9)]
    assert found(*[unsure] * 3, *[moderate] * 3, *[unsure] * 3) == [
        ("neutral", 0, 3.5),
        ("sadness", 3.5, 6.5),
        ("neutral", 6.5, 10),
    ]


def test_a_gradual_change_is_one_boundary():
    windows = [np.full(7, 0.01) for _ in range(12)]
    for window, happiness in zip(windows, np.linspace(0.05, 0.9, 12), strict=True):
        window[[NEUTRAL, HAPPINESS]] = 0.95 - happiness, happiness
    assert found(*windows) == [("neutral", 0, 6.5), ("happiness", 6.5, 13)]


def test_flicker_between_two_is_one_episode():
    windows = [leaning(SADNESS, 0.55), leaning(NEUTRAL, 0.5)] * 6
    assert found(*windows) == [("sadness", 0, 13)]


def test_a_track_of_one_window_is_one_episode():
    (one,) = find_episodes(np.array([7]), leaning(HAPPINESS, 0.8)[None], Analysis())
    assert (one.first, one.stop, one.emotion) == (0, 1, "happiness")
    assert (one.start_s, one.end_s, one.peak_s) == (7, 9, 8)
    assert one.peak_probability == one.mean_probability == pytest.approx(0.8)


def test_what_is_equally_likely_goes_to_the_earlier_label_and_stays():
    even = np.full(7, 1 / 7)
    assert found(even, even, even) == [("neutral", 0, 4)]
    tied = leaning(SADNESS, 0.4)
    tied[HAPPINESS] = 0.4
    assert found(tied, tied) == [("happiness", 0, 3)]


def test_an_absence_parts_episodes_of_the_same_emotion():
    smile = np.array([leaning(HAPPINESS, 0.9)] * 4)
    together = find_episodes(np.array([0, 1, 4, 5]), smile, Analysis())
    assert [(one.start_s, one.end_s) for one in together] == [(0, 7)]
    apart = find_episodes(np.array([0, 1, 5, 6]), smile, Analysis())
    assert [(one.start_s, one.end_s) for one in apart] == [(0, 3), (5, 8)]
