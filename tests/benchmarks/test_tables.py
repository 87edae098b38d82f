"""The documents quote the committed results, and the results say how they were made."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from benchmarks import tables
from streamfer.media import remote

RESULTS = Path(tables.__file__).parent


@pytest.mark.parametrize("document", tables.DOCUMENTS, ids=lambda file: file.name)
def test_tables_in_the_documents_are_those_of_the_results(document: Path):
    text = document.read_text(encoding="utf-8")
    assert text == tables.updated(text), "run: python -m benchmarks.tables"


def test_every_table_is_shown():
    shown = "".join(file.read_text(encoding="utf-8") for file in tables.DOCUMENTS)
    assert set(re.findall("<!-- table: (.+) -->", shown)) == tables.TABLES.keys()


def test_a_table_is_put_in_place_of_the_old_one_and_nothing_else_changes():
    old = "before\n<!-- table: recalls -->\n| old |\n<!-- end of table -->\nafter\n"
    new = tables.updated(old)
    assert new == old.replace("| old |\n", tables.recalls())
    assert tables.updated(new) == new


def test_the_table_of_networks_shows_the_figures_of_the_result():
    result = json.loads((RESULTS / "networks.json").read_text())
    heads, _, *rows = tables.networks().splitlines()
    assert len(rows) == len(result["networks"])
    for row, network in zip(rows, result["networks"], strict=True):
        cells = dict(zip(heads.split("|"), row.split("|"), strict=True))
        for corpus, figures in network["corpora"].items():
            (shown,) = (cell for head, cell in cells.items() if corpus in head)
            accuracy, uar = (float(value) / 100 for value in shown.split("/"))
            assert (accuracy, uar) == pytest.approx((figures["accuracy"], figures["uar"]), abs=6e-4)


@pytest.mark.parametrize("name", ["networks", "speed"])
def test_results_say_when_and_on_what_they_were_measured(name: str):
    result = json.loads((RESULTS / f"{name}.json").read_text())
    assert date.fromisoformat(result["date"]) >= date(2026, 11, 22)
    assert result["processor"]
    assert result["command"].startswith(f"python -m benchmarks.{name} ")
    assert {"python", "onnxruntime", "numpy"} <= result["versions"].keys()


def test_remote_files_are_read_in_the_pieces_that_the_table_calls_the_default():
    heads = tables.remote_reads().splitlines()[0]
    assert f"**{remote._FIRST >> 10} KiB, {remote._LONGEST >> 20} MiB**" in heads


def test_results_say_how_much_was_measured():
    networks, speed = (
        json.loads((RESULTS / f"{name}.json").read_text()) for name in ("networks", "speed")
    )
    assert networks["faces"]["FER2013 public_test"] == 3589
    assert speed["repeats"] >= 1
    assert all(video["minutes"] > 0 and video["fer"]["faces"] > 0 for video in speed["videos"])
