"""CREMA-D (Cao et al. 2014): 91 actors speak twelve sentences with one of six emotions.

Read from a clone of https://github.com/CheyneyComputerScience/CREMA-D (with `git lfs pull`:
without it the videos are pointers, which is told): `VideoFlash/*.flv`, or the same videos in any
other format, and `processedResults/tabulatedVotes.csv`, whose header and rows were read there.
A row counts the votes for one video: A, D, F, H, N and S of `numResponses`. The row's name begins
with what the raters were given: 1 the voice, 2 the face alone, 3 both.

The label is the emotion that the actor was asked for, which the file's name tells
(`1001_IEO_HAP_LO`); the confidence is the share of the raters of the face alone who chose it, since
this study hears no voice. There is no surprise. The paper does not say whose votes it counted: its
numbers (907 1028 233 - 402 679 594) follow from no single threshold that was tried.
`processedResults/summaryTable.csv` names the winners without their share, and is not read.
Open Database License 1.0, contents under the Database Contents License 1.0.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Literal

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import files
from trainers.corpora.samples import Clip, Reading
from trainers.corpora.votes import AGREEMENT, too_few

NAME = "CREMA-D"
TABLE = "tabulatedVotes.csv"

Given = Literal["voice", "face", "both"]
"""What a rater was given."""

GIVEN: dict[Given, str] = {"voice": "1", "face": "2", "both": "3"}
"""How the names of their rows in the table begin."""

EXPRESSIONS = {
    "NEU": "neutral",
    "HAP": "happiness",
    "SAD": "sadness",
    "FEA": "fear",
    "DIS": "disgust",
    "ANG": "anger",
}

NO_VOTES = "nobody rated it"

_NAME = re.compile(r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_[A-Z]{1,2}")


def read(root: Path, agreement: float = AGREEMENT, given: Given = "face") -> Reading[Clip]:
    """Read the videos under `root` on whose emotion at least `agreement` of the raters agree.

    The raters are those who were `given` that; the paper does not say which it asked.

    Raises:
        InputError: `root` is no folder or has no table of votes, or the table is another one.
    """
    gathered = files.Gathered[Clip](NAME)
    shares = _shares(root, given)
    videos = files.videos_by_name(root, gathered)
    for name in sorted(shares.keys() | videos.keys()):
        parts = _NAME.fullmatch(name)
        if parts is None:
            gathered.omit(files.UNKNOWN_NAME, name)
        elif (expression := EXPRESSIONS.get(parts["emotion"])) is None:
            gathered.omit(files.UNKNOWN_LABEL, name)
        elif name not in videos:
            gathered.omit(files.MISSING, name)
        elif name not in shares:
            gathered.omit(NO_VOTES, name)
        elif shares[name] < agreement:
            gathered.omit(too_few(agreement), name)
        else:
            gathered.take(
                Clip(
                    corpus=NAME,
                    name=name,
                    video=videos[name],
                    label=EMOTIONS.index(expression),
                    participant=parts["actor"],
                    confidence=shares[name],
                )
            )
    return gathered.reading()


def _shares(root: Path, given: Given) -> dict[str, float]:
    """For each video: the share of these raters who chose the emotion in its name."""
    table = next((path for path in files.below(root, {".csv"}) if path.name == TABLE), None)
    if table is None:
        raise InputError(f"{root}: no processedResults/{TABLE}, which holds the raters' votes")
    shares: dict[str, float] = {}
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            try:
                name, raters = row["fileName"], int(row["numResponses"])
                if row[""].startswith(GIVEN[given]) and raters:
                    shares[name] = int(row.get(name[9], 0)) / raters
            except (KeyError, ValueError, IndexError, TypeError) as error:
                raise InputError(f"{table}: not CREMA-D's table of votes ({error!r})") from error
    return shares
