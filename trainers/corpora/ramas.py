"""RAMAS (Perepelkina et al. 2018): ten Russian actors improvise in pairs; 21 experts mark when.

Read from `Data/Video_close` and the experts' marks, in either of the release's two forms, whose
columns were verified in public code that reads them:

- `Annotations_by_files/10dec_O11_1_ann.csv`, one for each recording: a row for each expert (`ID`)
  and each `Time`, with 0 or 1 for Angry, Sad, Disgusted, Happy, Scared, Surprised, Neutral and
  for other things that are not read here;
- `Annotations_by_emotions/data_Angry.csv` and so on, divided by commas or semicolons: a row for
  each interval (`ID`, `File`, `Start`, `End`). Experts who marked nothing are not seen in it.

A clip is a stretch of time in which at least 60 % of the recording's experts mark the same
expression, the one that most mark; its confidence is the mean share in that time. What could not
be verified: how a video is called (taken: the recording's name, alone or before an underscore, as
the sound is `10dec_O11_1_mic.wav`), and which of the actors it shows. The name begins with the day
of the recording, which is the session, and stands for the participant too: folds over sessions
then keep people apart as far as the names tell. The paper does not say how it made 1867 samples
of the 10848 intervals. Neurodata Lab gave it on request; whether anybody still does is not known
here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from streamfer.errors import InputError
from trainers.corpora import files
from trainers.corpora.samples import Clip, Reading, Seconds
from trainers.corpora.votes import AGREEMENT, Elected, elect

NAME = "RAMAS"

EXPRESSIONS = {
    "Neutral": "neutral",
    "Happy": "happiness",
    "Sad": "sadness",
    "Surprised": "surprise",
    "Scared": "fear",
    "Disgusted": "disgust",
    "Angry": "anger",
}

SHORTEST_S = 0.2
"""A stretch that may fall between two pictures at the study's five a second is left out. The paper
does not say how short its samples of RAMAS may be."""

TOO_SHORT = f"agreed on for less than {SHORTEST_S} s"


@dataclass(frozen=True)
class Mark:
    """An expert sees an expression from `start` until `end`, in seconds."""

    expert: str
    expression: str
    start: float
    end: float


@dataclass
class Recording:
    """The marks of all experts who watched it."""

    experts: set[str] = field(default_factory=set)
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class Stretch:
    """A time, in seconds, and what is agreed on in it, or why nothing is."""

    start: float
    end: float
    found: Elected | str

    @property
    def key(self) -> int | str:
        """What adjoining stretches must share to be one."""
        return self.found if isinstance(self.found, str) else self.found.label


def read(root: Path, agreement: float = AGREEMENT) -> Reading[Clip]:
    """Read the stretches in which at least `agreement` of the experts mark the same.

    Raises:
        InputError: `root` is no folder, or lacks the videos or the annotations.
    """
    gathered = files.Gathered[Clip](NAME)
    close = _folder(root, "Video_close")
    videos = sorted(files.videos(close, gathered))
    for name, recording in sorted(_recordings(root, gathered).items()):
        video = next((v for v in videos if v.stem == name or v.stem.startswith(f"{name}_")), None)
        if video is None:
            gathered.omit(files.MISSING, name)
            continue
        for stretch in stretches(recording, agreement):
            title = f"{name}@{stretch.start:.2f}"
            if isinstance(stretch.found, str):
                gathered.omit(stretch.found, title)
            elif stretch.end - stretch.start < SHORTEST_S:
                gathered.omit(TOO_SHORT, title)
            else:
                session = name.partition("_")[0]
                gathered.take(
                    Clip(
                        corpus=NAME,
                        name=title,
                        video=video,
                        label=stretch.found.label,
                        participant=session,
                        session=session,
                        take=name,
                        span=Seconds(stretch.start, stretch.end),
                        confidence=stretch.found.share,
                    )
                )
    return gathered.reading()


def stretches(recording: Recording, agreement: float) -> list[Stretch]:
    """Cut the time in which anybody marked anything where what is agreed on changes."""
    moments = sorted({time for mark in recording.marks for time in (mark.start, mark.end)})
    pieces = []
    for start, end in pairwise(moments):
        marked = {
            (mark.expert, mark.expression)
            for mark in recording.marks
            if mark.start <= start and end <= mark.end
        }
        if marked:
            votes = Counter(expression for _, expression in marked)
            found = elect(votes, len(recording.experts), agreement)
            pieces.append(Stretch(start, end, found))
    return [_joined(list(same)) for same in _alike(pieces)]


def _alike(pieces: list[Stretch]) -> Iterator[list[Stretch]]:
    """Runs of adjoining pieces with the same label, or left out for the same reason."""
    run: list[Stretch] = []
    for piece in pieces:
        if run and (run[-1].end < piece.start or run[-1].key != piece.key):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _joined(run: list[Stretch]) -> Stretch:
    start, end = run[0].start, run[-1].end
    if isinstance(run[0].found, str):
        return Stretch(start, end, run[0].found)
    weighed = sum(
        piece.found.share * (piece.end - piece.start)
        for piece in run
        if isinstance(piece.found, Elected)
    )
    return Stretch(start, end, Elected(run[0].found.label, weighed / (end - start)))


def _folder(root: Path, name: str) -> Path:
    if not root.is_dir():
        raise InputError(f"{root} is not a folder")
    found = next((path for path in sorted(root.rglob(name)) if path.is_dir()), None)
    if found is None:
        raise InputError(f"{root}: no folder {name}")
    return found


def _recordings(root: Path, gathered: files.Gathered[Clip]) -> dict[str, Recording]:
    """The marks of each recording; the form by files is preferred, since it names all experts."""
    recordings: dict[str, Recording] = defaultdict(Recording)
    tables = list(files.below(root, {".csv"}))
    by_files = [path for path in tables if path.stem.endswith("_ann")]
    by_emotions = [path for path in tables if path.stem.removeprefix("data_") in EXPRESSIONS]
    if not by_files and not by_emotions:
        raise InputError(f"{root}: no Annotations_by_files/*_ann.csv, no data_Angry.csv")
    for path in by_files:
        _read_times(path, recordings[path.stem.removesuffix("_ann")], gathered)
    if not by_files:
        for path in by_emotions:
            _read_intervals(path, recordings, gathered)
    return recordings


def _read_times(path: Path, recording: Recording, gathered: files.Gathered[Clip]) -> None:
    """A table of one recording: which expert marked what at which time."""
    rows = defaultdict(list)
    for line, row in files.rows(path, ("Time", "ID", *EXPRESSIONS)):
        try:
            time = files.number(row["Time"])
            seen = {column for column in EXPRESSIONS if files.number(row[column] or "0") > 0}
        except files.LineError as error:
            gathered.omit(str(error), f"{path.name}, line {line}")
        else:
            rows[row["ID"]].append((time, seen))
    for expert, marked in rows.items():
        recording.experts.add(expert)
        marked.sort(key=lambda timed: timed[0])
        times = [time for time, _ in marked]
        step = min((b - a for a, b in pairwise(times) if b > a), default=0.0)
        ends = [*times[1:], times[-1] + step]
        for column, expression in EXPRESSIONS.items():
            runs = ((column in seen, k) for k, (_, seen) in enumerate(marked))
            for is_seen, run in groupby(runs, key=lambda pair: pair[0]):
                if is_seen:
                    places = [k for _, k in run]
                    mark = Mark(expert, expression, times[places[0]], ends[places[-1]])
                    recording.marks.append(mark)


def _read_intervals(
    path: Path, recordings: dict[str, Recording], gathered: files.Gathered[Clip]
) -> None:
    """A table of one expression: from when until when which expert marked it in which recording."""
    expression = EXPRESSIONS[path.stem.removeprefix("data_")]
    for line, row in files.rows(path, ("ID", "File", "Start", "End")):
        recording = recordings[row["File"]]
        recording.experts.add(row["ID"])
        try:
            span = files.seconds(row["Start"], row["End"])
        except files.LineError as error:
            gathered.omit(str(error), f"{path.name}, line {line}")
        else:
            recording.marks.append(Mark(row["ID"], expression, span.start, span.end))
