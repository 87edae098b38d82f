"""docs/reproduce.md says what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from trainers.analysis import printed
from trainers.backbone.paper.settings import BackboneSettings
from trainers.study.report import contradictions
from trainers.study.settings import Study, load, plain

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reproduce.md").read_text(encoding="utf-8")
SYNTHETIC = DOCS / "study-synthetic"


def test_the_contradictions_are_those_of_the_report():
    assert PAGE.rstrip().endswith(contradictions())
    assert len(printed.CONTRADICTIONS) > 10


def test_the_settings_shown_can_be_had(tmp_path):
    [shown] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "study.toml").write_text(shown)
    study = load(tmp_path / "study.toml", {})
    assert set(study.detectors) == set(printed.DETECTORS)
    families = {study.experiment(n, BackboneSettings()).family for n in study.experiments}
    assert families <= set(study.first_weights)


def test_every_setting_of_the_table_exists():
    table = PAGE[PAGE.index("| what | the paper |") : PAGE.index("Tables `[analysis]`")]
    known = set(plain(Study())) | {f"training.{name}" for name in plain(BackboneSettings())}
    last = [row.split("|")[-2] for row in table.strip().splitlines()]
    named = {name for cell in last for name in re.findall(r"`([a-z_.]+)`", cell)}
    assert len(named) >= 10
    assert named <= known


@pytest.mark.skipif(not SYNTHETIC.is_dir(), reason="there is no report of synthetic corpora")
def test_the_synthetic_report_says_so_first_and_shows_no_face():
    text = (SYNTHETIC / "README.md").read_text(encoding="utf-8")
    assert "**Synthetic data.**" in "\n".join(text.splitlines()[:4])
    assert [path.name for path in SYNTHETIC.rglob("*.png")] == ["figure-6.png"]
    load(SYNTHETIC / "study.toml", {})
    assert tomllib.loads((SYNTHETIC / "study.toml").read_text())["faces"] is False
    assert not re.search(r"(?<!\w)/(?:tmp|work|home|root)/", text)
