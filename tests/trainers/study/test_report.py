"""The report of made-up predictions."""

import csv
import re

import numpy as np
import pytest

from tests.trainers.analysis.made import said
from trainers.analysis import printed
from trainers.analysis.printed import Detected
from trainers.backbone.paper import pictures
from trainers.corpora.samples import Clip, Omission, Reading
from trainers.predictions import Predictions
from trainers.protocols import folds
from trainers.study.findings import Findings, Network
from trainers.study.report import write_report


def guessed(corpus: str, skill: float, seed: int) -> Predictions:
    """Of 60 samples of 6 participants, about `skill` are recognised."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, 60)
    guesses = np.where(rng.random(60) < skill, labels, (labels + 1) % 7)
    return said(labels, guesses, [f"p{i % 6}" for i in range(60)], corpus)


@pytest.fixture
def found(tmp_path):
    clips = tuple(
        Clip("SAVEE", f"c{i}", tmp_path / "v.avi", label=i % 7, participant="DC") for i in range(9)
    )
    return Findings(
        synthetic=frozenset({"SAVEE"}),
        readings={"SAVEE": Reading("SAVEE", clips, (Omission("odd", "x"),))},
        detectors={"SSD": Detected(8, 1, 1, 80.0, 31.4)},
        filmed="a video of ten frames",
        experiments={1: guessed("FER2013", 0.4, 1), 9: guessed("FER2013", 0.6, 2)},
        best=("experiment 9", guessed("FER2013", 0.6, 2)),
        left_out={
            method: {corpus: guessed(corpus, 0.3 + 0.1 * i, i) for corpus in ("SAVEE", "RAVDESS")}
            for i, method in enumerate(printed.METHODS[:4])
        },
        cross_validated={"SAVEE": guessed("SAVEE", 0.8, 7)},
        lengths={"SAVEE": {3: 0.4, 5: 0.5}},
        length=5,
        networks=[Network("temporal stage", "my|net.pt", "ab" * 32)],
        left={"SAVEE": {"no face is seen in it": 3}},
        failed={"CNN-GRU": "out of memory"},
        absent={"RAMAS": "no folder of this name", "Figure 7": "faces would be shown"},
        settings={"profile": "paper", "temporal.fit.epochs": "30"},
        versions={"streamfer": "0.1.0"},
    )


def test_every_table_and_figure_is_there_in_the_papers_order(found, tmp_path):
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    places = [
        text.index(title)
        for title in (
            "Table 1.", "Table 2.", "Table 3.", "Table 4.", "Figure 6.", "Table 5.", "Section 4.3.",
            "Table 6.", "Table 7.", "Figure 7.", "Figure 8.", "Figure 9.", "Figure 10.",
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_whatever_the_report_links_to_is_there(found, tmp_path):
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    files = re.findall(r"\]\(([^)]+)\)", text)
    assert "figures/figure-6.png" in files
    assert len(files) == 10
    assert all((tmp_path / file).is_file() for file in files)


def test_synthetic_data_is_named_before_any_figure(found, tmp_path):
    first = write_report(found, tmp_path).read_text(encoding="utf-8").split("##")[0]
    assert "**Synthetic data.** SAVEE: generated" in first
    assert "say nothing about the real corpora" in first
    assert "streamfer's default was taught four fifths of them" in first
    found.synthetic = frozenset()
    assert "Synthetic" not in write_report(found, tmp_path).read_text(encoding="utf-8")


def test_what_failed_or_is_absent_is_told(found, tmp_path):
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    assert "## What failed\n\n- CNN-GRU: out of memory" in text
    assert "RAMAS: no folder of this name" in text
    assert (
        "**Figure 7. Grad-CAM of faces that are recognised rightly and wrongly**\n\nfaces" in text
    )
    assert "| SAVEE | no face is seen in it | 3 |" in text
    assert f"| temporal stage | my\\|net.pt | `{'ab' * 32}` |" in text
    assert "| `temporal.fit.epochs` | `30` |" in text


def test_what_is_chosen_here_and_no_setting_is_told(found, tmp_path):
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    told = text[text.index("## Chosen here") :]
    assert f"| by up to {pictures.ROTATION:g}° either way |" in told
    assert f"1 participant in {folds.WATCHED} of the taught" in told


def test_what_was_chosen_on_what_is_measured_is_told(found, tmp_path):
    write_report(found, tmp_path)
    for name, note in (
        ("table-4", "best epoch was chosen by the UAR on the very pictures"),
        ("lengths", "compared on the very corpora that Table 6 measures"),
        ("table-6", "not over the best one of the table above"),
    ):
        assert note in (tmp_path / "tables" / f"{name}.md").read_text(encoding="utf-8")


def test_table_5_takes_affectnet_only(found, tmp_path):
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    assert "Ours: AffectNet is absent; FER2013 was there" in text
    found.best = ("experiment 9", guessed("AffectNet", 0.6, 2))
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    assert re.search(r"\| \*\*Ours\*\* \| experiment 9 \| \d\d\.\d \[", text)


def test_the_papers_contradictions_are_all_told(found, tmp_path):
    text = write_report(found, tmp_path).read_text(encoding="utf-8")
    told = text[text.index("## Where the paper contradicts itself") :]
    assert told.count("\n| ") == 2 + len(printed.CONTRADICTIONS)


def test_csv_has_the_same_figures_as_the_text(found, tmp_path):
    write_report(found, tmp_path)
    with (tmp_path / "tables" / "table-6.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["corpus"], row["method"]): row for row in csv.DictReader(file)}
    shown = (tmp_path / "tables" / "table-6.md").read_text(encoding="utf-8")
    uar = float(rows["SAVEE", "CNN-W"]["ours"])
    assert f"| SAVEE | {uar:.1f} [" in shown
    assert rows["RAMAS", "CNN-W"]["ours"] == ""
    assert rows["RAMAS", "CNN-W"]["printed"] == "42.8"


def test_a_study_of_nothing_has_a_report_too(tmp_path):
    absent = dict.fromkeys(printed.OVERVIEW, "no such folder")
    text = write_report(Findings(absent=absent), tmp_path).read_text(encoding="utf-8")
    assert "| SAVEE | no such folder |" in text
    assert "Nothing." in text
    assert not (tmp_path / "figures").exists()


def test_the_same_findings_give_the_same_report(found, tmp_path):
    first = write_report(found, tmp_path / "a").parent
    second = write_report(found, tmp_path / "b").parent
    for path in sorted(first.rglob("*.*")):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
