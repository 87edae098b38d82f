"""What the study has found: all that its report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trainers.analysis.overview import Overview
from trainers.analysis.printed import Detected
from trainers.corpora.catalogue import AnyReading
from trainers.predictions import Predictions


@dataclass(frozen=True)
class Network:
    """A network that was used. role: for what. sha256: of its file."""

    role: str
    name: str
    sha256: str


@dataclass
class Findings:
    """What there is of the paper's tables and figures."""

    synthetic: frozenset[str] = frozenset()
    """The corpora that were generated."""
    readings: dict[str, AnyReading] = field(default_factory=dict)
    overviews: dict[str, Overview] = field(default_factory=dict)
    detectors: dict[str, Detected] = field(default_factory=dict)
    filmed: str = "nothing was measured"
    """What the detectors were measured on."""
    experiments: dict[int, Predictions] = field(default_factory=dict)
    """What the backbone of each experiment said of the development set."""
    trained: dict[int, Path] = field(default_factory=dict)
    """The files of their weights."""
    best: tuple[str, Predictions] | None = None
    """The backbone of Fig. 6, and what it said of a development set; of AffectNet's: Table 5's."""
    left_out: dict[str, dict[str, Predictions]] = field(default_factory=dict)
    """By method and corpus: what was said of the corpus that was left out."""
    cross_validated: dict[str, Predictions] = field(default_factory=dict)
    """By corpus."""
    lengths: dict[str, dict[int, float]] = field(default_factory=dict)
    """CNN-S's UAR by corpus and length."""
    length: int | None = None
    """The length that is best on average."""
    figures: dict[int, str] = field(default_factory=dict)
    """The files of Figures 7 to 10, in the report's folder."""
    networks: list[Network] = field(default_factory=list)
    left: dict[str, Mapping[str, int]] = field(default_factory=dict)
    """By corpus and reason: how many samples were left out, or had to be remarked upon."""
    failed: dict[str, str] = field(default_factory=dict)
    """Steps that ended badly, and why."""
    absent: dict[str, str] = field(default_factory=dict)
    """Why a corpus, a method, a detector, "experiment 1" or "Figure 7" is not there."""
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
