import json
import sys
from pathlib import Path

import pytest

from trainers.temporal import card

DOCS = Path(__file__).parents[2] / "docs"
METHODS = ["cnn-w", "cnn-s", "cnn-svm", "cnn-lstm", "cnn-gru", "cnn-lstm-a"]


@pytest.fixture(scope="module")
def found():
    return json.loads((DOCS / "temporal.json").read_text())


def test_the_document_shows_the_committed_figures(found):
    assert card.tables(found) in (DOCS / "temporal.md").read_text(encoding="utf-8")


def test_all_six_methods_are_in_every_table(found):
    shown = card.tables(found).split("With the sound")[0]
    for method in METHODS:
        assert shown.count(f"\n| {method} |") == 4


def test_old_figures_make_way_for_new_ones(found, tmp_path, monkeypatch):
    document = tmp_path / "temporal.md"
    document.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    monkeypatch.setattr(sys, "argv", ["card", str(DOCS / "temporal.json"), str(document)])
    card.main()
    card.main()
    text = document.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.startswith("before\n<!-- figures -->\n")
    assert text.endswith("<!-- end of figures -->\nafter\n")
    assert text.count(card.tables(found)) == 1
