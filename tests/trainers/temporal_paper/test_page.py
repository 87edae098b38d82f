"""docs/temporal-training.md says what is so."""

import re
from dataclasses import fields
from pathlib import Path

from trainers.cli.temporal import chosen_settings
from trainers.temporal.paper.settings import PROFILES, Temporal

PAGE = Path(__file__).parents[3] / "docs" / "temporal-training.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_settings_shown_can_be_had(tmp_path: Path) -> None:
    [shown] = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "settings.toml").write_text(shown)
    chosen = chosen_settings(tmp_path / "settings.toml", None, small=False)
    assert chosen not in PROFILES.values()
    assert chosen.fit != PROFILES["paper"].fit


def test_every_setting_of_the_table_exists() -> None:
    named = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert len(named) >= 9
    assert set(named) <= {field.name for field in fields(Temporal)}
