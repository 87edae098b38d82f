"""The tables of the study in small, and the page that shows them."""

import json
from pathlib import Path

from trainers.backbone.paper import small_tables
from trainers.backbone.paper.experiments import PRINTED

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_shows_what_was_found():
    page = (DOCS / "backbone-training.md").read_text("utf-8")
    found = json.loads((DOCS / "backbone-training.json").read_text("utf-8"))
    assert small_tables.experiments(found) in page
    assert small_tables.experiments(found, "unwatched_") in page
    assert small_tables.cross_corpus(found) in page
    assert all(row["printed"] == PRINTED[row["experiment"]] for row in found["experiments"])


def test_what_was_not_done_has_a_dash(tmp_path: Path):
    row = {"experiment": 2, "start": "random", "seed": 0, "uar": 41.25, "accuracy": 50.0}
    crossed = {"taught": "A", "start": "random", "seed": 0, "uar": 30.0, "accuracy": 40.0}
    crossed |= {"taught_pictures": 2000, "measured": "B", "measured_pictures": 1234}
    (tmp_path / "1.json").write_text(json.dumps({"experiments": [row], "cross-corpus": []}))
    (tmp_path / "2.json").write_text(json.dumps({"experiments": [], "cross-corpus": [crossed]}))
    found = small_tables.gather(tmp_path.iterdir())
    lines = small_tables.experiments(found).splitlines()
    assert lines[0] == "| | experiment | paper | random, seed 0 |"
    assert lines[2] == "| 1 | ResNet-50 | 62.8 | – |"
    assert lines[3].endswith("| 63.2 | 41.2 (50.0) |")
    assert small_tables.cross_corpus(found).splitlines() == [
        "| start, seed | taught | on B (1,234) |",
        "|---|---|---|",
        "| random, 0 | A (2,000) | 30.0 (40.0) |",
    ]
