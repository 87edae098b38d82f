"""Any corpus: a folder with `clips.csv` or `stills.csv`, tables with one row for each sample.

`clips.csv`, of stretches of video:

| column | meaning |
|---|---|
| video | the file, relative to the table's folder |
| label | one of the seven expressions (`EMOTIONS`) |
| participant | who is seen; the same word in two rows is the same person |
| name | unique; without this column it is the video's path and where the clip starts in it |
| session, take | see `Clip` |
| start_s, end_s | from when until before when, in seconds |
| first, end | or: from which picture, counted from 0, until before which |
| left, top, right, bottom | where the participant is seen, as fractions of the picture |
| confidence | the share of the raters who chose the label |
| split | train, development or test |

`stills.csv`, of pictures: `picture` (the file), `label`, and where there is more to say `name`,
`participant`, `split` and the face's `left`, `top`, `right`, `bottom` in pixels. The first three
columns of clips and the first two of stills are needed; an empty cell is as an absent column.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import files
from trainers.corpora.samples import (
    WHOLE,
    Clip,
    Pictures,
    Reading,
    Sample,
    Seconds,
    Split,
    Still,
)
from trainers.corpora.votes import AGREEMENT, too_few

CLIPS = "clips.csv"
STILLS = "stills.csv"

Row = Mapping[str, str]
Box = tuple[float, float, float, float]


def is_corpus(root: Path) -> bool:
    """Whether the folder `root` holds one of the two tables."""
    return (root / CLIPS).is_file() or (root / STILLS).is_file()


def read(name: str, root: Path, agreement: float = AGREEMENT) -> Reading[Clip] | Reading[Still]:
    """Read the corpus `name`: its clips, or its stills where it has no table of clips.

    A row is omitted if its file is missing, its label is none of the seven, or its confidence is
    below `agreement`.

    Raises:
        InputError: neither table is there, or one of its rows cannot be understood.
    """
    if (root / CLIPS).is_file():
        clips = files.Gathered[Clip](name)
        needed = ("video", "label", "participant")
        for clip in _samples(root / CLIPS, needed, _clip, clips):
            if clip.confidence < agreement:
                clips.omit(too_few(agreement), clip.name)
            else:
                clips.take(clip)
        return clips.reading()
    if (root / STILLS).is_file():
        stills = files.Gathered[Still](name)
        for still in _samples(root / STILLS, ("picture", "label"), _still, stills):
            stills.take(still)
        return stills.reading()
    raise InputError(f"{root}: neither {CLIPS} nor {STILLS} is there (see docs/corpora.md)")


def _samples(
    table: Path,
    needed: tuple[str, ...],
    sample: Callable[[str, Path, Row], Sample],
    gathered: files.Gathered[Sample],
) -> Iterator[Sample]:
    """The samples of `table` whose file is there and whose label is one of the seven."""
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, restval="")
        if absent := [column for column in needed if column not in (rows.fieldnames or ())]:
            raise InputError(f"{table} has no column {', '.join(absent)}")
        for row in rows:
            if row["label"] not in EMOTIONS:
                gathered.omit(files.NOT_OF_THE_SEVEN, f"line {rows.line_num}: {row['label']}")
            elif not (table.parent / row[needed[0]]).is_file():
                gathered.omit(files.MISSING, row[needed[0]])
            else:
                try:
                    yield sample(gathered.corpus, table.parent, row)
                except ValueError as error:
                    raise InputError(f"{table}, line {rows.line_num}: {error}") from error


def _clip(corpus: str, root: Path, row: Row) -> Clip:
    span = _span(row)
    start = "" if span is None else f"@{row['start_s' if isinstance(span, Seconds) else 'first']}"
    if not row["participant"]:
        raise ValueError("the participant is needed, so that nobody is on both sides of a fold")
    return Clip(
        corpus=corpus,
        name=row.get("name") or row["video"] + start,
        video=root / row["video"],
        label=EMOTIONS.index(row["label"]),
        participant=row["participant"],
        session=row.get("session", ""),
        take=row.get("take", ""),
        span=span,
        region=_box(row) or WHOLE,
        confidence=float(row.get("confidence") or 1),
        split=_split(row),
    )


def _still(corpus: str, root: Path, row: Row) -> Still:
    return Still(
        corpus=corpus,
        name=row.get("name") or row["picture"],
        source=root / row["picture"],
        member="",
        label=EMOTIONS.index(row["label"]),
        participant=row.get("participant", ""),
        split=_split(row),
        box=_box(row),
    )


def _span(row: Row) -> Seconds | Pictures | None:
    span: Seconds | Pictures
    if row.get("start_s") and row.get("end_s"):
        span = Seconds(float(row["start_s"]), float(row["end_s"]))
        start: float = span.start
    elif row.get("first") and row.get("end"):
        span = Pictures(int(row["first"]), int(row["end"]))
        start = span.first
    elif any(row.get(column) for column in ("start_s", "end_s", "first", "end")):
        raise ValueError("a span needs start_s and end_s, or first and end")
    else:
        return None
    if not 0 <= start < span.end:
        raise ValueError(f"the span {start:g} to {span.end:g} is empty")
    return span


def _box(row: Row) -> Box | None:
    sides = [row.get(side) for side in ("left", "top", "right", "bottom")]
    if not any(sides):
        return None
    left, top, right, bottom = (float(side or "nan") for side in sides)
    if not (0 <= left < right and 0 <= top < bottom):
        raise ValueError("left, top, right and bottom enclose nothing")
    return left, top, right, bottom


def _split(row: Row) -> Split:
    split = row.get("split", "")
    if split not in get_args(Split):
        raise ValueError(f"split is {split!r}, not one of train, development, test")
    return cast("Split", split)
