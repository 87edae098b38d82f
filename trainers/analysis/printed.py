"""Every figure that Ryumina et al. 2022 print in Tables 1 to 7 and Fig. 6, as data.

They are as printed, mistakes included; `CONTRADICTIONS` says where they do not agree with
themselves. Table 3's counts stand with each corpus in `trainers.corpora.catalogue`, which shows
them beside what an adapter finds. Corpora and methods are in the paper's order. Figures of
recognition are per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

DYNAMIC = ("RAMAS", "RAVDESS", "CREMA-D", "IEMOCAP", "SAVEE", "AffWild2")
"""The corpora of Table 6, in its order."""

METHODS = ("CNN-W", "CNN-S", "CNN-SVM", "CNN-LSTM", "CNN-GRU", "CNN-LSTM-A")
"""The columns of Table 6 that leave one corpus out; its last is `CROSS_VALIDATED`."""


@dataclass(frozen=True)
class Overview:
    """A row of Table 1: expressions annotated, participants and samples (None: n/a), and so on."""

    states: int
    participants: int | None
    samples: int
    hours: str
    fps: str
    resolution: str
    conditions: str


OVERVIEW: Mapping[str, Overview] = {
    "RAMAS": Overview(7, 10, 10848, "36:35", "25–50", "1920×1080", "laboratory"),
    "IEMOCAP": Overview(8, 10, 10038, "12:26", "30", "360×480", "laboratory"),
    "CREMA-D": Overview(6, 91, 7441, "5:17", "30", "480×360", "laboratory"),
    "RAVDESS": Overview(8, 24, 4904, "5:37", "30", "1280×720", "laboratory"),
    "SAVEE": Overview(7, 4, 480, "0:30", "60", "320×256", "laboratory"),
    "AffWild2": Overview(7, 458, 564, "26:34", "7.5–30", "various", "in the wild"),
    "FER2013": Overview(7, None, 35888, "", "", "48×48", "in the wild"),
    "AffectNet": Overview(8, None, 450000, "", "", "various", "in the wild"),
}
"""Table 1. Hours are hours:minutes, about; of pictures there are none."""


@dataclass(frozen=True)
class Detected:
    """A row of Table 2; false negatives are None where it prints a dash. IoU is per cent."""

    true_positives: int
    false_positives: int
    false_negatives: int | None
    iou: float
    fps: float


DETECTORS: Mapping[str, Detected] = {
    "SSD": Detected(1787, 41, 13, 99.0, 56),
    "MTCNN": Detected(1484, 21, 315, 81.5, 35),
    "RetinaFace": Detected(1800, 13, None, 99.3, 56),
}
"""Table 2: of 1800 frames with one face; IoU is said to be by eq. 2, TP / (TP + FP + FN)."""

COUNTS_TOTAL = (856593, 351034, 183985, 80849, 33364, 24613, 64450)
"""Table 3's row of totals, in the order of `EMOTIONS`."""

COUNTS_PART = (53.71, 22.01, 11.54, 5.07, 2.09, 1.54, 4.04)
"""Table 3's last row, per cent of all."""

FER2013_INCREASE: Mapping[str, float] = {
    "sadness": 16.0,
    "surprise": 18.4,
    "fear": 39.1,
    "disgust": 12.2,
    "anger": 13.8,
}
"""Section 4.1: by how much FER2013 "increases" AffectNet, per cent."""

EXPERIMENTS: Mapping[int, float] = {
    1: 62.8,
    2: 63.2,
    3: 63.6,
    4: 64.3,
    5: 64.6,
    6: 63.9,
    7: 64.0,
    8: 62.1,
    9: 66.4,
}
"""Table 4: accuracy of each experiment on AffectNet's development set, per cent."""

EXPERIMENT_METHODS: Mapping[str, tuple[int, ...]] = {
    "ResNet-50": (1, 2, 3, 4, 5, 6, 9),
    "VGG-16": (7,),
    "MobileNet-V2": (8,),
    "FER2013": (2, 3, 4, 5, 6, 7, 8, 9),
    "l2-reg. (0.0001)": (3, 4, 5, 6, 7, 8, 9),
    "GN (0.1)": (4, 5, 6, 7, 8, 9),
    "CA (5 cycles)": (5, 8, 9),
    "Time-based": (6,),
    "Mixup": (9,),
}
"""Table 4: in which experiments each method was used (its pluses)."""

CONFUSION = np.array(
    [
        [340, 33, 32, 41, 11, 11, 32],
        [28, 440, 4, 17, 2, 8, 1],
        [80, 10, 321, 18, 20, 20, 31],
        [56, 38, 13, 316, 53, 15, 9],
        [28, 11, 43, 83, 300, 17, 18],
        [32, 24, 33, 16, 15, 310, 70],
        [74, 9, 33, 22, 19, 47, 296],
    ],
    np.int64,
)
"""Fig. 6: experiment 9 on AffectNet's development set, counts; rows are the true expressions."""


@dataclass(frozen=True)
class Published:
    """A row of Table 5; `reference` is its number in the paper's list."""

    research: str
    approach: str
    accuracy: float
    reference: int | None = None


STATE_OF_THE_ART = (
    Published("Wang et al.", "SCN", 60.2, 76),
    Published("Kervadec et al.", "CAKE", 61.7, 77),
    Published("She et al.", "Res-50IBN", 63.1, 78),
    Published("Georgescu et al.", "VGG and BOVW features + SVM", 63.3, 79),
    Published("Kollias et al.", "FaceBehaviorNet", 65.0, 80),
    Published("Savchenko", "EfficientNet-B2", 66.3, 81),
    Published("Ryumina et al.", "Backbone Model", 66.4),
)
"""Table 5: accuracy on AffectNet's development set, per cent."""

CROSS_CORPUS: Mapping[str, tuple[float, ...]] = {
    "RAMAS": (42.8, 42.8, 26.5, 44.3, 43.9, 45.0),
    "RAVDESS": (59.6, 59.8, 56.6, 65.8, 65.2, 66.2),
    "CREMA-D": (54.5, 55.4, 60.6, 60.6, 57.5, 59.7),
    "IEMOCAP": (25.7, 25.9, 26.3, 25.1, 26.0, 24.8),
    "SAVEE": (62.1, 63.7, 38.3, 76.1, 77.3, 77.0),
    "AffWild2": (45.1, 46.2, 33.0, 51.6, 44.3, 49.0),
}
"""Table 6: UAR of the corpus left out, for each of `METHODS`."""

CROSS_CORPUS_AVERAGE = (48.3, 48.8, 40.2, 53.9, 52.4, 53.6)

CROSS_CORPUS_GAIN: Mapping[str, Mapping[str, float]] = {
    "CNN-LSTM": {
        "RAMAS": 1.5,
        "RAVDESS": 6.2,
        "CREMA-D": 6.1,
        "IEMOCAP": -0.6,
        "SAVEE": 14.0,
        "AffWild2": 6.5,
        "Average": 5.6,
    },
    "CNN-GRU": {
        "RAMAS": 1.1,
        "RAVDESS": 5.6,
        "CREMA-D": 3.0,
        "IEMOCAP": 0.3,
        "SAVEE": 15.2,
        "AffWild2": -0.8,
        "Average": 4.1,
    },
    "CNN-LSTM-A": {
        "RAMAS": 2.2,
        "RAVDESS": 6.6,
        "CREMA-D": 5.2,
        "IEMOCAP": -0.9,
        "SAVEE": 14.9,
        "AffWild2": 3.9,
        "Average": 5.3,
    },
}
"""Table 6: δ, a method's UAR less that of CNN-W, in points."""

CROSS_VALIDATED: Mapping[str, float] = {
    "RAMAS": 50.2,
    "RAVDESS": 69.7,
    "CREMA-D": 79.0,
    "IEMOCAP": 28.7,
    "SAVEE": 82.8,
    "AffWild2": 52.9,
}
"""Table 6, CNN-LSTM-CV: UAR in participant-independent cross-validation."""

CROSS_VALIDATED_AVERAGE = 60.6

T_SCORE, ALPHA = 0.5274, 0.05
"""Section 4.3: Student's paired t-test of CNN-LSTM and CNN-LSTM-A."""

BEST_LENGTHS: Mapping[str, int] = {
    "RAMAS": 61,
    "RAVDESS": 37,
    "CREMA-D": 73,
    "IEMOCAP": 23,
    "SAVEE": 97,
    "AffWild2": 97,
}
"""Section 4.3: the length of CNN-S's smoothing, in frames, that was best for each corpus."""

CHOSEN_LENGTH = 71


@dataclass(frozen=True)
class Compared:
    """A row of Table 7: CNN-LSTM and another study, per cent.

    protocol: "cross-corpus" or "participant-independent". reference: the other study's number.
    """

    protocol: str
    corpus: str
    metric: str
    ours: float
    other: float
    reference: int


COMPARED = (
    Compared("cross-corpus", "RAVDESS", "accuracy", 67.3, 69.4, 44),
    Compared("cross-corpus", "CREMA-D", "accuracy", 50.9, 49.9, 44),
    Compared("participant-independent", "CREMA-D", "UAR", 66.6, 73.9, 82),
    Compared("participant-independent", "SAVEE", "UAR", 82.8, 86.5, 83),
    Compared("participant-independent", "AffWild2", "F1", 44.0, 37.0, 84),
)
"""Table 7."""


@dataclass(frozen=True)
class Contradiction:
    """Where the paper disagrees with itself or with a corpus, and what the study does about it."""

    where: str
    printed: str
    follows: str
    done: str


CONTRADICTIONS = (
    Contradiction(
        "Eq. 1",
        "a Hamming window; n from −l to l",
        "the formula is a Hann window, and with that n its centre weighs 0",
        "0.5 + 0.5·cos(2πn / (l − 1)) for n from −(l − 1)/2 to (l − 1)/2, without its zero ends",
    ),
    Contradiction(
        "Section 4.3",
        "CNN-S smooths over 71 frames",
        "at 5 FPS that is 14 s, longer than CREMA-D's clips",
        "the unit and what happens at the edges are settings",
    ),
    Contradiction(
        "Section 4.3",
        "the Hamming window is CNN-W",
        "Section 3.2.1 and Table 6 call it CNN-S",
        "CNN-W is the sum, CNN-S the window",
    ),
    Contradiction(
        "Table 1", "35888 samples of FER2013", "the corpus has 35887", "what is read is counted"
    ),
    Contradiction(
        "Table 2", "SSD: IoU 99.0 %", "its counts give 97.1 % by eq. 2", "IoU follows from counts"
    ),
    Contradiction(
        "Table 2",
        "1800 frames with one face",
        "MTCNN's TP + FN are 1799",
        "every frame with a face counts",
    ),
    Contradiction(
        "Table 3",
        "sadness 183985 and fear 33364 in total",
        "the rows add up to 173985 and 33362",
        "totals are added up",
    ),
    Contradiction(
        "Table 3",
        "CREMA-D 907/1028/233/–/402/679/594",
        "the public votes give these at no single threshold",
        "what the adapter counts is shown beside what is printed",
    ),
    Contradiction(
        "Section 4.1",
        "FER2013 increases the minorities by 16 to 39 %, disgust by 12.2 %",
        "these are shares of the merged set, and disgust's is 10.3 %",
        "all of FER2013's minorities are added",
    ),
    Contradiction(
        "Table 6",
        "CNN-S is 48.8 % on average",
        "the mean of its column is 48.97",
        "means are computed",
    ),
    Contradiction(
        "Section 4.3",
        "t = 0.5274 for CNN-LSTM and CNN-LSTM-A",
        "the printed UARs give 0.561: no significant difference either",
        "t is computed, with its p",
    ),
    Contradiction(
        "Tables 6 and 7",
        "CREMA-D, participant-independent UAR: 79.0 and 66.6 %",
        "the average of 60.6 needs 79.0",
        "one figure, in both tables",
    ),
    Contradiction(
        "Section 6",
        "66.2 % on IEMOCAP and 25.1 % on RAVDESS",
        "Table 6 has them the other way round",
        "Table 6 is believed",
    ),
)
"""All that is known to disagree; the tests of this module recompute the figures."""
