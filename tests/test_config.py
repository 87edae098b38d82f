"""Settings are checked before any work begins, and a file's settings yield to flags."""

from pathlib import Path

import pytest

from streamfer import config
from streamfer.errors import UsageError


def test_flags_lie_on_top_of_the_file(tmp_path: Path):
    file = tmp_path / "run.toml"
    file.write_text("[analysis]\nsegment_s = 30\nmin_score = 0.6\n[execution]\nworkers = 3\n")
    analysis, execution = config.load(file, {"min_score": 0.7, "workers": None})
    assert (analysis.segment_s, analysis.min_score, execution.workers) == (30, 0.7, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[analysis]\nsegments = 3\n", "unknown setting 'segments'"),
        ("[other]\n", "unknown part 'other'"),
        ("[analysis]\nfps = 'five'\n", "must be of type int"),
        ("[analysis]\nfps = true\n", "must be of type int"),
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


def test_the_margin_covers_window_context_and_gap():
    settings = config.Analysis(max_gap_s=2.5)
    assert settings.margin_ticks(context_s=0) == 15
    assert settings.margin_ticks(context_s=6.0) == 40
