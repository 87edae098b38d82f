"""The paper's own arithmetic."""

import numpy as np
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_s import taper
from trainers import metrics
from trainers.analysis import printed
from trainers.analysis.statistics import paired_t_test
from trainers.corpora.catalogue import CATALOGUE


def column(method):
    return [row[printed.METHODS.index(method)] for row in printed.CROSS_CORPUS.values()]


def says(where):
    return " ".join(c.follows for c in printed.CONTRADICTIONS if c.where == where)


def test_figure_6_is_66_percent_and_its_recalls():
    matrix = printed.CONFUSION
    assert matrix.sum(1).tolist() == [500] * 7
    assert (np.trace(matrix), matrix.sum()) == (2323, 3500)
    assert round(100 * metrics.accuracy(matrix), 2) == 66.37
    assert metrics.recalls(matrix).round(3).tolist() == [0.68, 0.88, 0.642, 0.632, 0.6, 0.62, 0.592]
    assert round(100 * metrics.accuracy(matrix), 1) == printed.EXPERIMENTS[9]
    assert printed.STATE_OF_THE_ART[-1].accuracy == printed.EXPERIMENTS[9]


@pytest.mark.parametrize(
    ("detector", "iou", "agrees"),
    [("SSD", 97.1, False), ("MTCNN", 81.5, True), ("RetinaFace", 99.3, True)],
)
def test_table_2_by_equation_2(detector, iou, agrees):
    row = printed.DETECTORS[detector]
    counted = row.true_positives + row.false_positives + (row.false_negatives or 0)
    assert round(100 * row.true_positives / counted, 1) == iou
    assert (row.iou == iou) is agrees
    assert agrees or str(iou) in says("Table 2")


def test_table_2_misses_a_face_of_mtcnn():
    faces = {
        name: row.true_positives + (row.false_negatives or 0)
        for name, row in printed.DETECTORS.items()
    }
    assert faces == {"SSD": 1800, "MTCNN": 1799, "RetinaFace": 1800}
    assert "1799" in says("Table 2")


def test_table_4_names_each_experiments_methods_once():
    networks = ("ResNet-50", "VGG-16", "MobileNet-V2")
    for experiment in printed.EXPERIMENTS:
        used = [n for n in networks if experiment in printed.EXPERIMENT_METHODS[n]]
        assert len(used) == 1
    assert [n for n, used in printed.EXPERIMENT_METHODS.items() if 9 in used] == [
        "ResNet-50", "FER2013", "l2-reg. (0.0001)", "GN (0.1)", "CA (5 cycles)", "Mixup",
    ]  # fmt: skip


def test_table_6_means_to_the_printed_digit_but_for_cnn_s():
    means = [round(float(np.mean(column(method))), 1) for method in printed.METHODS]
    differing = {
        method: (mean, shown)
        for method, mean, shown in zip(
            printed.METHODS, means, printed.CROSS_CORPUS_AVERAGE, strict=True
        )
        if mean != shown
    }
    assert differing == {"CNN-S": (49.0, 48.8)}
    assert round(float(np.mean(column("CNN-S"))), 2) == 48.97
    assert "48.97" in says("Table 6")


def test_table_6_gains_are_over_cnn_w():
    base = dict(zip(printed.CROSS_CORPUS, column("CNN-W"), strict=True))
    for method, gains in printed.CROSS_CORPUS_GAIN.items():
        uars = dict(zip(printed.CROSS_CORPUS, column(method), strict=True))
        found = {corpus: round(uars[corpus] - base[corpus], 1) for corpus in uars}
        found["Average"] = round(float(np.mean(column(method)) - np.mean(column("CNN-W"))), 1)
        assert found == dict(gains), method


def test_table_6_cross_validation_needs_crema_ds_79():
    assert np.mean(list(printed.CROSS_VALIDATED.values())) == pytest.approx(60.55)
    assert printed.CROSS_VALIDATED_AVERAGE == 60.6
    [other] = [
        row.ours for row in printed.COMPARED if row.corpus == "CREMA-D" and row.metric == "UAR"
    ]
    with_other = dict(printed.CROSS_VALIDATED) | {"CREMA-D": other}
    assert np.mean(list(with_other.values())) < 58.6
    assert "60.6" in says("Tables 6 and 7")


def test_the_t_test_recomputed_concludes_the_same():
    found = paired_t_test(column("CNN-LSTM"), column("CNN-LSTM-A"))
    assert round(found.t, 3) == 0.561
    assert found.p > printed.ALPHA
    assert round(found.t, 4) != printed.T_SCORE
    assert "0.561" in says("Section 4.3")


def test_equation_1_read_literally_gives_the_centre_no_weight():
    length = 71
    n = np.arange(-(length - 1), length, 2)  # "from -l to l (even digits)"
    literal = 0.5 - 0.5 * np.cos(2 * n * np.pi / (length - 1))
    assert len(n) == length
    assert literal[length // 2] == 0
    meant = 0.5 + 0.5 * np.cos(2 * np.pi * np.arange(-35, 36) / (length - 1))
    assert meant == pytest.approx(np.hanning(length))
    assert meant[length // 2] == 1
    assert meant[[0, -1]] == pytest.approx(0)


@pytest.mark.parametrize("length", [3, 11, 71])
def test_streamfers_window_is_the_one_meant_without_its_zero_ends(length):
    outer = length + 2
    n = np.arange(-(outer - 1) // 2, (outer - 1) // 2 + 1)
    meant = 0.5 + 0.5 * np.cos(2 * np.pi * n / (outer - 1))
    assert taper("hann", length) == pytest.approx(meant[1:-1])
    assert taper("hann", length).argmax() == length // 2
    assert (taper("hann", length) > 0).all()


def table_3():
    """The printed rows, by corpus and split."""
    return {
        (name, split): np.array([count or 0 for count in counts])
        for name, corpus in CATALOGUE.items()
        for split, counts in corpus.printed.items()
    }


def test_table_3_adds_up_but_for_sadness_and_fear():
    assert len(table_3()) == 10
    total = sum(table_3().values())
    differing = {
        emotion: (int(found), shown)
        for emotion, found, shown in zip(EMOTIONS, total, printed.COUNTS_TOTAL, strict=True)
        if found != shown
    }
    assert differing == {"sadness": (173985, 183985), "fear": (33362, 33364)}
    for found, _ in differing.values():
        assert str(found) in says("Table 3")


def test_table_3s_parts_are_of_its_printed_totals():
    total = np.array(printed.COUNTS_TOTAL)
    assert (100 * total / total.sum()).round(2).tolist() == pytest.approx(
        printed.COUNTS_PART, abs=0.011
    )


def test_fer2013s_increases_are_shares_of_the_merged_set():
    rows = table_3()
    fer2013, affectnet = rows["FER2013", "train"], rows["AffectNet", "train"]
    shares = dict(zip(EMOTIONS, 100 * fer2013 / (fer2013 + affectnet), strict=True))
    found = {emotion: round(float(shares[emotion]), 1) for emotion in printed.FER2013_INCREASE}
    differing = {
        emotion: (found[emotion], shown)
        for emotion, shown in printed.FER2013_INCREASE.items()
        if abs(found[emotion] - shown) > 0.1
    }
    assert differing == {"disgust": (10.3, 12.2)}
    assert "10.3" in says("Section 4.1")
    # As an increase over AffectNet it would be another figure altogether.
    assert 100 * fer2013[4] / affectnet[4] == pytest.approx(64.2, abs=0.1)
