"""Settings are checked before any work begins, and a file's settings yield to flags."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer import config
from streamfer.config import Analysis
from streamfer.errors import UsageError
from streamfer.media.limits import Limits


def test_flags_lie_on_top_of_the_file(tmp_path: Path):
    file = tmp_path / "run.toml"
    file.write_text("[analysis]\nsegment_s = 30\nmin_score = 0.6\n[execution]\nworkers = 3\n")
    analysis, execution = config.load(file, {"min_score": 0.7, "workers": None})
    assert (analysis.segment_s, analysis.min_score, execution.workers) == (30, 0.7, 3)


def test_a_profile_lies_below_the_file_and_the_file_below_flags(tmp_path: Path):
    file = tmp_path / "run.toml"
    file.write_text("[analysis]\nsmoothing = '31 frames'\nsmoothing_shape = 'hamming'\n")

    def smoothing(file: Path | None, **flags: str) -> tuple[str, str, str]:
        analysis, _ = config.load(file, flags)
        return analysis.smoothing, analysis.smoothing_shape, analysis.smoothing_edge

    assert smoothing(None) == ("window", "hann", "window")
    assert smoothing(None, profile="paper") == ("71 frames", "hann", "track")
    assert smoothing(file, profile="paper") == ("31 frames", "hamming", "track")
    assert smoothing(file, profile="paper", smoothing="3 s") == ("3 s", "hamming", "track")


def test_the_profiles_are_what_the_paper_and_its_code_say():
    paper, released = (config.load(None, {"profile": name})[0] for name in ("paper", "released"))

    assert paper == Analysis(temporal="cnn-s", smoothing="71 frames", smoothing_edge="track")
    assert released == Analysis(gaps="repeat", overlap="average")
    assert set(config.PROFILES) == {"paper", "released"}


def test_an_unknown_profile_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"profile is 'fast'; choose paper or released\."):
        config.load(None, {"profile": "fast"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[analysis]\nsegments = 3\n", "unknown setting 'segments'"),
        ("[other]\n", "unknown part 'other'"),
        ("[analysis]\nfps = 'five'\n", "must be of type int"),
        ("[analysis]\nfps = true\n", "must be of type int"),
        ("[analysis]\ngaps = 2\n", "gaps in .* is 2; it must be of type str"),
        ("[analysis]\naudio = 'yes'\n", "must be of type bool"),
        ("[analysis]\nprofile = 'paper'\n", "unknown setting 'profile'"),
        ("[analysis\n", "not valid TOML"),
        ("analysis = 3\n", "must be a table"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, words: str):
    file = tmp_path / "run.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        config.load(file, {})


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        config.load(tmp_path / "absent.toml", {})


@pytest.mark.parametrize(
    "values",
    [
        {"fps": 0},
        {"window_s": 1.9999},
        {"stride_s": 3.0},
        {"segment_s": 20.2},
        {"max_gap_s": float("nan")},
        {"min_score": 2.0},
    ],
)
def test_impossible_analysis_settings_are_refused(values: dict[str, float]):
    with pytest.raises(UsageError):
        config.Analysis(**values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"gaps": "fill"}, "gaps is 'fill'; choose mask, hold or repeat."),
        ({"overlap": "none"}, "overlap is 'none'; choose own or average."),
        ({"smoothing_shape": "blackman"}, "choose hann or hamming."),
        ({"smoothing_edge": "video"}, "choose window or track."),
        ({"hold_s": -1}, "hold_s is -1; it must lie between 0 and 60."),
        (
            {"smoothing": "71"},
            "smoothing is '71'; write 'window', a number of sampled frames as in",
        ),
        ({"smoothing": "-3 frames"}, "smoothing is '-3 frames'; write"),
        (
            {"smoothing": "70 frames"},
            "which at 5 samples a second is 70 of them; it must be an odd",
        ),
        ({"smoothing": "101 frames"}, "an odd number from 3 to 99."),
        ({"smoothing": "1 frames"}, "an odd number from 3 to 99."),
        ({"smoothing": "0.3 s"}, "which at 5 samples a second is 1 of them"),
        ({"smoothing": "20 s"}, "which at 5 samples a second is 101 of them"),
        (
            {"smoothing_edge": "track"},
            "uses the window's own samples only; give smoothing a length",
        ),
    ],
)
def test_impossible_settings_of_time_are_told_in_a_sentence(values: dict[str, Any], words: str):
    with pytest.raises(UsageError) as error:
        Analysis(**values)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("smoothing", "fps", "ticks"),
    [
        ("window", 5, None),
        ("3 frames", 5, 3),
        ("71 frames", 5, 71),
        ("71 frames", 25, 71),  # sampled frames, whatever the rate
        ("99 frames", 5, 99),
        ("2.2 s", 5, 11),
        ("2 s", 5, 11),  # 10 samples: 9 and 11 are as near
        ("14.2 s", 5, 71),
        ("2.84 s", 25, 71),  # what 71 frames of a 25 FPS film last
        ("0.4 s", 5, 3),
    ],
)
def test_smoothing_is_counted_in_samples(smoothing: str, fps: int, ticks: int | None):
    assert Analysis(smoothing=smoothing, fps=fps).smoothing_ticks == ticks


@given(st.decimals("0.4", "19.99", places=2))
def test_seconds_of_smoothing_become_the_nearest_odd_number_of_samples(seconds):
    ticks = Analysis(smoothing=f"{seconds} s").smoothing_ticks

    assert ticks % 2 == 1
    assert abs(ticks - Fraction(seconds) * 5) <= 1


@pytest.mark.parametrize(("hold_s", "fps", "ticks"), [(0.4, 5, 2), (0.6, 5, 3), (0.39, 5, 1)])
def test_a_held_gap_is_never_longer_than_was_said(hold_s: float, fps: int, ticks: int):
    assert Analysis(hold_s=hold_s, fps=fps).hold_ticks == ticks


def test_the_margin_covers_window_context_and_gap():
    settings = config.Analysis(max_gap_s=2.5)
    assert settings.margin_ticks(context_s=0) == 15
    assert settings.margin_ticks(context_s=6.0) == 40


def test_the_limits_of_a_file_are_set_in_the_file_of_settings(tmp_path: Path):
    file = tmp_path / "run.toml"
    file.write_text("[execution]\nmax_fps = 2000\nmax_duration_s = 10.5\n")
    _, execution = config.load(file, {})
    assert execution.limits == Limits(max_fps=2000, max_duration_s=10.5)
    assert config.Execution().limits == Limits()


@pytest.mark.parametrize("name", ["max_pixels", "max_fps", "max_duration_s", "max_decode_ratio"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_impossible_limits_are_refused_by_name(name: str, value: float):
    with pytest.raises(UsageError, match=f"{name} is .*; it must be greater than 0"):
        config.Execution(**{name: value})
