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

import math
import re
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import files
from trainers.corpora.samples import Clip, Reading
from trainers.corpora.votes import AGREEMENT, Raters, too_few

NAME = "CREMA-D"
TABLE = "tabulatedVotes.csv"

GIVEN: dict[Raters, str] = {"voice": "1", "face": "2", "both": "3"}
"""How the names of the rows in the table begin, by what the raters were given."""

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


def read(root: Path, agreement: float = AGREEMENT, raters: Raters = "face") -> Reading[Clip]:
    """Read the videos under `root` on whose emotion at least `agreement` of the raters agree.

    Raises:
        InputError: `root` is no folder or has no table of votes, or the table is another one.
    """
    gathered = files.Gathered[Clip](NAME)
    shares = _shares(root, raters)
    videos = files.videos_by_name(root, gathered)
    for name in sorted(shares.keys() | videos.keys()):
        parts = _NAME.fullmatch(name)
        share = shares.get(name)
        if share is not None and math.isnan(share):
            gathered.omit(files.NO_NUMBER, name)
        elif parts is None:
            gathered.omit(files.UNKNOWN_NAME, name)
        elif (expression := EXPRESSIONS.get(parts["emotion"])) is None:
            gathered.omit(files.UNKNOWN_LABEL, name)
        elif name not in videos:
            gathered.omit(files.MISSING, name)
        elif share is None:
            gathered.omit(NO_VOTES, name)
        elif share < agreement:
            gathered.omit(too_few(agreement), name)
        else:
            gathered.take(
                Clip(
                    corpus=NAME,
                    name=name,
                    video=videos[name],
                    label=EMOTIONS.index(expression),
                    participant=parts["actor"],
                    confidence=share,
                )
            )
    return gathered.reading()


def _shares(root: Path, raters: Raters) -> dict[str, float]:
    """For each video: the share of these raters who chose the emotion in its name.

    NaN where its row has a number that is none or cannot be; a row without a name stands under its
    line's number.
    """
    table = next((path for path in files.below(root, {".csv"}) if path.name == TABLE), None)
    if table is None:
        raise InputError(f"{root}: no processedResults/{TABLE}, which holds the raters' votes")
    shares: dict[str, float] = {}
    for line, row in files.rows(table, ("", "fileName", "numResponses")):
        name = row["fileName"] or f"line {line}"
        if not row[""].startswith(GIVEN[raters]):
            continue
        try:
            asked = files.number(row["numResponses"])
            agreed = files.number(row.get(name[9:10], "0"))
        except files.LineError:
            asked, agreed = 1.0, math.nan
        if asked:
            shares[name] = agreed / asked if 0 <= agreed <= asked else math.nan
    return shares
