import csv

import pytest

from trainers.analysis.statistics import Estimate
from trainers.analysis.tables.table import (
    ABSENT,
    Table,
    because,
    grid,
    percent,
    plain,
    points,
    with_interval,
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clip 1", "clip 1"),
        ("a|b", r"a\|b"),
        ("*bold*_it_`code`", r"\*bold\*\_it\_\`code\`"),
        ("[x](http://y)", r"\[x\](http://y)"),
        ("<script>&amp;", r"\<script\>\&amp;"),
        ("two\nlines\x1b[31m", r"two\\nlines\\x1b\[31m"),
        ("bad\udcff", r"bad\\udcff"),
        ("- a-b", r"\- a-b"),
        ("лицо", "лицо"),
    ],
)
def test_text_from_outside_shows_as_it_is_and_breaks_no_cell(name, shown):
    assert plain(name) == shown


def test_figures_are_written_as_in_the_paper():
    assert percent(0.66371) == "66.4"
    assert percent(float("nan")) == percent(None) == ABSENT
    assert points(-0.6) == "-0.6"
    assert points(14.04) == "+14.0"
    assert with_interval(Estimate(0.5, 0.41, 0.593)) == "50.0 [41.0–59.3]"
    assert with_interval(Estimate(0.5, float("nan"), float("nan"))) == "50.0"


def test_reasons_are_told_of_what_is_asked_for_only():
    absent = {"SAVEE": "no folder called *SAVEE*", "other": "gone"}
    assert because(absent, ["RAMAS", "SAVEE"]) == (r"SAVEE: no folder called \*SAVEE\*",)


def test_a_table_is_written_for_people_and_for_programs(tmp_path):
    table = Table(
        "table-0",
        "Title",
        ("a", "b"),
        (("1", "**2**"),),
        ({"name": "=1+1, x", "value": 1.25}, {"name": "ü", "value": None}),
        ("A note.",),
    )
    table.write(tmp_path / "tables")
    text = (tmp_path / "tables" / "table-0.md").read_text(encoding="utf-8")
    assert text == "## Title\n\n| a | b |\n| --- | --- |\n| 1 | **2** |\n\n- A note.\n"
    with (tmp_path / "tables" / "table-0.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{"name": "'=1+1, x", "value": "1.25"}, {"name": "ü", "value": ""}]


def test_every_row_of_a_grid_has_as_many_cells_as_the_heads():
    lines = grid(("a", "b", "c"), [("1", "2", "3")]).split("\n")
    assert {line.count("|") for line in lines} == {4}
