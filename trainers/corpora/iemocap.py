"""IEMOCAP (Busso et al. 2008): ten actors in five sessions, two at a time, act and improvise.

Read from the release's folders: `Session1/dialog/EmoEvaluation/Ses01F_impro01.txt` with the
turns, their times and the raters' votes, and `Session1/dialog/avi/DivX/Ses01F_impro01.avi`. The
form of both was verified in public code that reads them. A block of the text is a turn and, one
a line, what each rater named, several emotions at will:

    [6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]
    C-E2:	Neutral;	()
    C-E3:	Frustration; Anger;	()

The confidence of an emotion is the share of the outside raters (`C-E…`) who named it; what the
actors said of themselves (`C-F1`, `C-M1`) is not counted. "Excited" is not happiness here.

In the picture the actors sit side by side: the one who wears the markers, whose letter the file
carries (`Ses01F`), on the left. (So one public program has it; it could not be checked on the
videos.) `Clip.region` is the speaker's half. Free for research, on request:
https://sail.usc.edu/iemocap/.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trainers.corpora import files
from trainers.corpora.samples import Clip, Reading, Seconds
from trainers.corpora.votes import AGREEMENT, elect

NAME = "IEMOCAP"
SESSIONS = ("Session1", "Session2", "Session3", "Session4", "Session5")

NO_VOTES = "nobody rated it"
NO_TURN = "the line begins a turn, but is not as IEMOCAP's"

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)

_TURN = re.compile(
    r"\[(?P<start>\S+) - (?P<end>\S+)\]\s+(?P<name>Ses0(?P<session>\d)[FM]_\S+_[FM]\w+)\s"
)
_VOTE = re.compile(r"C-E\d+:\s*(?P<named>[^()]*)")


@dataclass
class Turn:
    """What an actor says before the other answers, and when in the dialogue."""

    name: str
    session: str
    span: Seconds
    raters: int = 0
    votes: Counter[str] = field(default_factory=Counter)


def read(root: Path, agreement: float = AGREEMENT) -> Reading[Clip]:
    """Read the turns on whose emotion at least `agreement` of the raters agree.

    Raises:
        InputError: `root` is no folder.
    """
    gathered = files.Gathered[Clip](NAME)
    videos = files.videos_by_name(root, gathered)
    for path in files.below(root, {".txt"}):
        if path.parent.name == "EmoEvaluation":
            for turn in _turns(path, gathered):
                _gather(turn, videos.get(path.stem), agreement, gathered)
    return gathered.reading()


def _gather(
    turn: Turn, video: Path | None, agreement: float, gathered: files.Gathered[Clip]
) -> None:
    if video is None:
        gathered.omit(files.MISSING, turn.name)
        return
    if not turn.raters:
        gathered.omit(NO_VOTES, turn.name)
        return
    elected = elect(turn.votes, turn.raters, agreement)
    if isinstance(elected, str):
        gathered.omit(elected, turn.name)
        return
    marked = turn.name[5]
    speaker = turn.name.rpartition("_")[2][0]
    gathered.take(
        Clip(
            corpus=NAME,
            name=turn.name,
            video=video,
            label=elected.label,
            participant=f"Ses0{turn.session}{speaker}",
            session=f"Session{turn.session}",
            span=turn.span,
            region=LEFT if speaker == marked else RIGHT,
            confidence=elected.share,
        )
    )


def _turns(path: Path, gathered: files.Gathered[Clip]) -> Iterator[Turn]:
    turn: Turn | None = None
    # Raters' remarks may be in any encoding; what is read of a line is ASCII.
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            if turn is not None:
                yield turn
            try:
                turn = _turn(line)
            except files.LineError as error:
                gathered.omit(str(error), f"{path.stem}, line {number}")
                turn = None
        elif turn is not None and (vote := _VOTE.match(line)):
            turn.raters += 1
            turn.votes.update({word.strip().lower() for word in vote["named"].split(";")} - {""})
    if turn is not None:
        yield turn


def _turn(line: str) -> Turn:
    head = _TURN.match(line)
    if head is None:
        raise files.LineError(NO_TURN)
    return Turn(head["name"], head["session"], files.seconds(head["start"], head["end"]))


def missing(reading: Reading[Clip]) -> list[str]:
    """Which sessions have no annotated turns."""
    named = {clip.session for clip in reading.samples}
    named |= {f"Session{left.name[4]}" for left in reading.omitted if left.name[:4] == "Ses0"}
    return [f"{session}: no turns" for session in SESSIONS if session not in named]
