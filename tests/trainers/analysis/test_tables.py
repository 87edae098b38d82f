"""The paper's tables of made-up predictions: ours beside what is printed."""

import pytest

from tests.trainers.analysis.made import said
from trainers.analysis import printed
from trainers.analysis.overview import Overview
from trainers.analysis.printed import Detected
from trainers.analysis.tables import backbone, corpora, detectors, temporal
from trainers.corpora.samples import Reading, Still

LABELS = [0, 0, 1, 1]
PEOPLE = ["p", "p", "q", "q"]


def right(count, corpus):
    """Two of each of two expressions, of which the first `count` are recognised."""
    guesses = [label if i < count else 6 for i, label in enumerate(LABELS)]
    return said(LABELS, guesses, PEOPLE, corpus)


def row(table, head):
    """The cells of the row that begins with `head`, by column."""
    [found] = [cells for cells in table.rows if cells[0] == head]
    return dict(zip(table.heads, found, strict=True))


def after(table, head):
    """The row below the one that begins with `head`, by column."""
    place = [cells[0] for cells in table.rows].index(head)
    return dict(zip(table.heads, table.rows[place + 1], strict=True))


@pytest.fixture
def table6():
    return temporal.cross_corpus(
        {
            "CNN-W": {"SAVEE": right(2, "SAVEE"), "RAVDESS": right(3, "RAVDESS")},
            "CNN-LSTM": {"SAVEE": right(4, "SAVEE"), "RAVDESS": right(2, "RAVDESS")},
            "CNN-LSTM-A": {"SAVEE": right(3, "SAVEE"), "RAVDESS": right(3, "RAVDESS")},
        },
        {"SAVEE": right(1, "SAVEE"), "mine": right(4, "mine")},
        {"RAMAS": "no such folder", "CNN-GRU": "not asked for"},
    )


def test_table_6_shows_uar_with_interval_and_gain(table6):
    assert row(table6, "SAVEE") == {
        "Corpus": "SAVEE",
        "CNN-W": "50.0 [0.0–100.0]",
        "CNN-S": "–",
        "CNN-SVM": "–",
        "CNN-LSTM": "100.0 [100.0–100.0] (+50.0)",
        "CNN-GRU": "–",
        "CNN-LSTM-A": "75.0 [50.0–100.0] (+25.0)",
        "CNN-LSTM-CV": "25.0 [0.0–50.0]",
    }


def test_table_6_has_what_is_printed_below(table6):
    assert list(after(table6, "SAVEE").values()) == [
        "*printed*",
        "*62.1*",
        "*63.7*",
        "*38.3*",
        "*76.1 (+14.0)*",
        "*77.3 (+15.2)*",
        "*77.0 (+14.9)*",
        "*82.8*",
    ]


def test_table_6_averages_what_there_is_and_the_printed_of_the_same_corpora(table6):
    ours = row(table6, "**Average**")
    assert (ours["CNN-W"], ours["CNN-LSTM"]) == ("62.5", "75.0 (+12.5)")
    assert ours["CNN-GRU"] == "–"
    assert ours["CNN-LSTM-CV"] == "62.5"
    assert after(table6, "**Average**")["CNN-LSTM"] == "*53.9 (+5.6)*"
    same = row(table6, "*printed, same corpora*")
    assert same["CNN-LSTM"] == f"*{(65.8 + 76.1) / 2:.1f}*"


def test_table_6_takes_other_corpora_and_says_why_some_are_absent(table6):
    mine = row(table6, "mine")
    assert mine["CNN-LSTM-CV"] == "100.0 [100.0–100.0]"
    assert mine["CNN-W"] == "–"
    assert set(row(table6, "RAMAS").values()) == {"RAMAS", "–"}
    assert {"RAMAS: no such folder", "CNN-GRU: not asked for"} <= set(table6.notes)


def test_table_6_tests_the_two_lstms(table6):
    [note] = [note for note in table6.notes if note.startswith("Paired t-test")]
    # Differences 25 and -25 points: the mean is 0.
    assert "over 2 corpora: t = 0.000, p = 1.00: no significant difference at 0.05" in note
    assert "prints t = 0.5274; its UARs give t = 0.561, p = 0.60" in note


def test_table_6_for_programs_has_a_row_for_each_cell(table6):
    [record] = [r for r in table6.records if (r["corpus"], r["method"]) == ("SAVEE", "CNN-LSTM")]
    assert record == {
        "corpus": "SAVEE",
        "method": "CNN-LSTM",
        "measure": "UAR, %",
        "ours": 100,
        "low": 100,
        "high": 100,
        "over_cnn_w": 50,
        "printed": 76.1,
    }
    assert len(table6.records) == 7 * 7


def test_table_6_of_nothing_is_the_papers():
    table = temporal.cross_corpus({}, {}, dict.fromkeys(printed.DYNAMIC, "absent"))
    assert row(table, "**Average**")["CNN-W"] == "–"
    assert f"{', '.join(printed.DYNAMIC)}: absent" in table.notes
    failed = temporal.cross_corpus({}, {}, {"CNN-LSTM-CV of SAVEE": "too few"})
    assert "CNN-LSTM-CV of SAVEE: too few" in failed.notes


def test_table_7_measures_each_row_as_the_other_study_did():
    lstm = {"RAVDESS": said([0, 0, 0, 1], [0, 0, 0, 0]), "CREMA-D": said([0, 0, 0, 1], [1] * 4)}
    validated = {"CREMA-D": said([0, 0, 0, 1], [0] * 4), "AffWild2": said([0, 0, 0, 1], [0] * 4)}
    table = temporal.comparison(lstm, validated, {"SAVEE": "gone"})
    ours = [cells[table.heads.index("Ours")].split(" ")[0] for cells in table.rows]
    f1 = 100 * (2 * 3 / (3 + 4) + 0) / 2
    assert ours == ["75.0", "25.0", "50.0", "–", f"{f1:.1f}"]
    assert "SAVEE: gone" in table.notes
    failed = {"CNN-LSTM": "not asked for", "CNN-LSTM-CV of CREMA-D": "too few"}
    notes = temporal.comparison({}, {}, failed).notes
    assert "CNN-LSTM: not asked for" in notes
    assert "CNN-LSTM-CV of CREMA-D: too few" in notes
    assert table.rows[0][-1] == "69.4 [44]"


def test_lengths_are_the_best_of_each_corpus():
    table = temporal.lengths({"SAVEE": {3: 0.5, 5: 0.7, 7: 0.6}, "x": {3: 0.2}}, 5, {})
    assert row(table, "SAVEE") == {
        "Corpus": "SAVEE",
        "Best length": "5",
        "its UAR, %": "70.0",
        "Best length, printed": "97",
    }
    assert row(table, "x")["Best length, printed"] == "–"
    assert row(table, "**All, on average**")["Best length"] == "5"
    assert row(table, "RAMAS")["Best length"] == "–"
    absent = {"RAMAS": "no such folder", temporal.LENGTHS: "not asked for"}
    notes = temporal.lengths({}, None, absent).notes
    assert {"RAMAS: no such folder", "lengths of CNN-S: not asked for"} <= set(notes)


def test_table_4_shows_experiments_beside_the_printed_and_their_order():
    found = {n: right(hits, "FER2013") for n, hits in ((1, 1), (5, 3), (9, 2))}
    table = backbone.experiments(found, {"experiment 2": "not asked for"})
    assert row(table, "GN (0.1)")["4"] == "+"
    assert row(table, "Mixup")["4"] == "–"
    ours = row(table, "**Accuracy, %**")
    assert (ours["1"].split()[0], ours["2"], ours["9"].split()[0]) == ("25.0", "–", "50.0")
    gains = row(table, "**δ, points**")
    assert (gains["5"], gains["9"], gains["2"]) == ("+50.0", "+25.0", "–")
    assert after(table, "**Accuracy, %**")["9"] == "*66.4*"
    assert after(table, "**δ, points**")["8"] == "*-0.7*"
    assert "FER2013, 4 samples" in table.title
    assert (
        "Order, ours: 5 > 9 > 1; printed: 9 > 5 > 1. Of 3 pairs 2 are in the printed order, and "
        "0 equal." in table.notes
    )
    assert "experiment 2: not asked for" in table.notes


def test_experiments_that_are_equal_are_in_no_order():
    found = {n: right(hits, "FER2013") for n, hits in ((1, 2), (5, 3), (9, 3))}
    assert (
        "Order, ours: 5 = 9 > 1; printed: 9 > 5 > 1. Of 3 pairs 2 are in the printed order, and "
        "1 equal." in backbone.experiments(found, {}).notes
    )


def test_table_5_has_the_published_figures_and_ours():
    table = backbone.state_of_the_art(right(3, "AffectNet"), "resnet|50", "")
    assert [cells[2] for cells in table.rows][:2] == ["*60.2*", "*61.7*"]
    assert table.rows[-1][1:] == (r"resnet\|50", "75.0 [50.0–100.0]")
    absent = backbone.state_of_the_art(None, "x", "AffectNet is absent")
    assert absent.rows[-1][2] == "–"
    assert absent.notes == ("Ours: AffectNet is absent",)


def test_figure_6s_recalls_stand_beside_the_papers():
    table = backbone.recalls(right(3, "AffectNet"), "ours")
    ours, paper = table.rows
    assert ours == ("ours", "100.0", "50.0", *["–"] * 5, "75.0")
    assert paper == ("printed", "68.0", "88.0", "64.2", "63.2", "60.0", "62.0", "59.2", "66.4")
    counts = {(r["whose"], r["true"], r["predicted"]): r["count"] for r in table.records}
    assert counts["ours", "happiness", "anger"] == 1
    assert counts["printed", "fear", "surprise"] == 83
    assert sum(n for (whose, *_), n in counts.items() if whose == "printed") == 3500


def test_table_1_shows_a_corpus_beside_what_is_printed():
    ours = Overview(7, 24, 4152, 752, 19_770.0, (29.97, 30.0), ((1280, 720), (1280, 720)), 2)
    table = corpora.overview({"RAVDESS": ours}, {"SAVEE": "gone"})
    assert list(row(table, "RAVDESS").values())[1:] == [
        "7", "24", "4,152 (+ 752)", "5:30", "29.97–30", "1280×720", "–",
    ]  # fmt: skip
    assert list(after(table, "RAVDESS").values())[1:] == [
        "*8*", "*24*", "*4,904*", "*5:37*", "*30*", "*1280×720*", "*laboratory*",
    ]  # fmt: skip
    assert set(list(row(table, "SAVEE").values())[1:]) == {"–"}
    assert "SAVEE: gone" in table.notes
    assert "RAVDESS: 2 files could not be opened." in table.notes
    assert len(table.records) == 8


def test_hours_are_rounded_to_minutes():
    nearly = Overview(1, 1, 1, 0, 2 * 3600 - 1.0, None, None, 0)
    assert row(corpora.overview({"x": nearly}, {}), "x")["Hours"] == "2:00"


def test_table_2_shows_detectors_beside_what_is_printed():
    found = {"SSD": Detected(90, 5, 5, 90.0, 61.3), "mine": Detected(1, 0, 0, 100.0, 5.0)}
    table = detectors.detectors(found, {"MTCNN": "not asked for"}, "ten seconds of nothing")
    assert list(row(table, "SSD").values())[1:] == ["90", "5", "5", "90.0", "61"]
    assert list(after(table, "SSD").values())[1:] == ["*1,787*", "*41*", "*13*", "*99.0*", "*56*"]
    assert row(table, "mine")["IoU, %"] == "100.0"
    assert row(table, "MTCNN")["TP"] == "–"
    assert after(table, "RetinaFace")["FN"] == "*–*"
    assert "MTCNN: not asked for" in table.notes
    assert table.notes[0].startswith("Ours: ten seconds of nothing.")


def stills(counts, corpus="FER2013", split="train"):
    """A reading with so many stills of each expression."""
    return Reading(
        corpus,
        tuple(
            Still(corpus, f"{label}-{i}", None, "", label, split=split)
            for label, count in enumerate(counts)
            for i in range(count)
        ),
    )


def test_table_3_shows_counts_beside_what_is_printed_and_adds_up():
    table = corpora.counts(
        {"FER2013": stills([1, 2, 0, 0, 0, 0, 7]), "x|y": stills([0, 1, 0, 0, 0, 0, 0], "x|y", "")},
        {"RAMAS": "gone"},
    )
    assert row(table, "FER2013 (train)")["anger"] == "7"
    assert after(table, "FER2013 (train)")["anger"] == "*3,995*"
    assert row(table, r"x\|y")["happiness"] == "1"
    assert list(row(table, "**Total**").values())[1:] == ["1", "3", "0", "0", "0", "0", "7"]
    assert after(table, "**Total**")["sadness"] == "*183,985*"
    assert row(table, "**Part, %**")["anger"] == "63.64"
    assert after(table, "CREMA-D")["surprise"] == "*–*"
    assert any(
        note.startswith("FER2013 (train) differs from what is printed") for note in table.notes
    )
    assert "RAMAS: gone" in table.notes


def test_table_3_has_no_note_where_counts_are_those_printed():
    full = stills(printed_counts("FER2013", "train"))
    table = corpora.counts({"FER2013": full}, {})
    assert not any("differs" in note for note in table.notes)


def printed_counts(corpus, split):
    return corpora.CATALOGUE[corpus].printed[split]
