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
The cells are divided by commas, or by semicolons; the text is UTF-8.
"""

from __future__ import annotations

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

NOBODY = "the participant is needed, so that nobody is on both sides of a fold"
HALF_A_SPAN = "a span needs start_s and end_s, or first and end"
NO_BOX = "left, top, right and bottom enclose nothing"
NO_SHARE = "the confidence is not between 0 and 1"
NO_SPLIT = "the split is none of train, development, test"

Row = Mapping[str, str]
Box = tuple[float, float, float, float]


def is_corpus(root: Path) -> bool:
    """Whether the folder `root` holds one of the two tables."""
    return (root / CLIPS).is_file() or (root / STILLS).is_file()


def read(name: str, root: Path, agreement: float = AGREEMENT) -> Reading[Clip] | Reading[Still]:
    """Read the corpus `name`: its clips, or its stills where it has no table of clips.

    A row is omitted if its file is missing, its label is none of the seven, its confidence is
    below `agreement`, or one of its cells makes no sense; the omission has the line's number.

    Raises:
        InputError: neither table is there, or it lacks a column, or is not in UTF-8.
    """
    if (root / CLIPS).is_file():
        clips = files.Gathered[Clip](name)
        needed = ("video", "label", "participant")
        for where, clip in _samples(root / CLIPS, needed, _clip, clips):
            if clip.confidence < agreement:
                clips.omit(too_few(agreement), where)
            else:
                clips.take(clip, where)
        return clips.reading()
    if (root / STILLS).is_file():
        stills = files.Gathered[Still](name)
        for where, still in _samples(root / STILLS, ("picture", "label"), _still, stills):
            stills.take(still, where)
        return stills.reading()
    raise InputError(f"{root}: neither {CLIPS} nor {STILLS} is there (see docs/corpora.md)")


def _samples(
    table: Path,
    needed: tuple[str, ...],
    sample: Callable[[str, Path, Row], Sample],
    gathered: files.Gathered[Sample],
) -> Iterator[tuple[str, Sample]]:
    """The samples of `table` that can be used, each after its line's number and its file."""
    for line, row in files.rows(table, needed):
        where = f"line {line}: {row[needed[0]]}"
        if row["label"] not in EMOTIONS:
            gathered.omit(files.NOT_OF_THE_SEVEN, f"line {line}: {row['label']}")
        elif not (table.parent / row[needed[0]]).is_file():
            gathered.omit(files.MISSING, where)
        else:
            try:
                made = sample(gathered.corpus, table.parent, row)
            except files.LineError as error:
                gathered.omit(str(error), where)
            else:
                yield where, made


def _clip(corpus: str, root: Path, row: Row) -> Clip:
    span = _span(row)
    start = "" if span is None else f"@{row['start_s' if isinstance(span, Seconds) else 'first']}"
    confidence = files.number(row.get("confidence") or "1")
    if not row["participant"]:
        raise files.LineError(NOBODY)
    if not 0 <= confidence <= 1:
        raise files.LineError(NO_SHARE)
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
        confidence=confidence,
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
    if row.get("start_s") and row.get("end_s"):
        return files.seconds(row["start_s"], row["end_s"])
    if row.get("first") and row.get("end"):
        span = Pictures(_whole(row["first"]), _whole(row["end"]))
        if not 0 <= span.first < span.end:
            raise files.LineError(files.EMPTY_SPAN)
        return span
    if any(row.get(column) for column in ("start_s", "end_s", "first", "end")):
        raise files.LineError(HALF_A_SPAN)
    return None


def _whole(text: str) -> int:
    number = files.number(text)
    if not number.is_integer():
        raise files.LineError(files.NO_NUMBER)
    return int(number)


def _box(row: Row) -> Box | None:
    sides = [row.get(side, "") for side in ("left", "top", "right", "bottom")]
    if not any(sides):
        return None
    if not all(sides):
        raise files.LineError(NO_BOX)
    left, top, right, bottom = map(files.number, sides)
    if not (0 <= left < right and 0 <= top < bottom):
        raise files.LineError(NO_BOX)
    return left, top, right, bottom


def _split(row: Row) -> Split:
    split = row.get("split", "")
    if split not in get_args(Split):
        raise files.LineError(NO_SPLIT)
    return cast("Split", split)
