"""IEMOCAP: two actors side by side talk for a while; a text tells what raters saw in each turn.

`Session1/dialog/avi/DivX/Ses01F_impro01.avi`: session, and who wears the markers and sits on the
left. `Session1/dialog/EmoEvaluation/Ses01F_impro01.txt`: for each turn its time, its name, the
emotion of the majority (xxx where there is none), then what each rater (C-E...) and the actor (C-F
or C-M) named, and how they rated valence, activation and dominance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.samples import Clip, Omission, Reading, Seconds
from trainers.corpora.synthetic.cast import NEUTRAL, Participant
from trainers.corpora.synthetic.recipe import Recipe, places
from trainers.corpora.synthetic.scene import Actor, Key, record

CODES = ("neu", "hap", "sad", "sur", "fea", "dis", "ang")  # in the order of `EMOTIONS`
WORDS = ("Neutral", "Happiness", "Sadness", "Surprise", "Fear", "Disgust", "Anger")
# What raters agree on beside the seven, or do not agree on at all, and as what it is played.
OTHERS = {
    "xxx": (("Neutral", "Anger", "Sadness"), "anger"),
    "fru": (("Frustration", "Frustration", "Anger"), "anger"),
    "exc": (("Excited", "Excited", "Excited"), "happiness"),
    "oth": (("Other", "Other", "Other"), "neutral"),
}
SEXES = "FM"
SESSIONS = 5
TURN_S, STEP_S = 2.2, 2.6  # a turn's length; from one to the same actor's next
BARS = 0.23  # of the picture's height, above and below


@dataclass(frozen=True)
class Turn:
    """name: of three letters, as in `CODES`. votes: a word of each rater."""

    start: float
    speaker: str
    code: str
    played: int
    votes: Sequence[str]

    @property
    def seen(self) -> float:
        """The share of the raters who named what was played."""
        return self.votes.count(WORDS[self.played]) / len(self.votes)


def write(root: Path, recipe: Recipe) -> Reading[Clip]:
    """Write the corpus, of two sessions or more; returns what is to be read of it."""
    sessions = min(SESSIONS, max(2, (recipe.size.participants + 1) // 2))
    cast = recipe.cast(2 * sessions)
    clips, omitted = [], []
    for session in range(1, sessions + 1):
        pair = dict(zip(SEXES, cast[2 * session - 2 : 2 * session], strict=True))
        for take in range(recipe.size.takes):
            marked = SEXES[(session + take + 1) % 2]
            name = f"Ses{session:02}{marked}_impro{take + 1:02}"
            turns = _turns(recipe, name, session)
            dialogue = root / f"Session{session}" / "dialog"
            video = dialogue / "avi" / "DivX" / f"{name}.avi"
            _record(recipe, video, pair, marked, turns, take)
            _annotate(dialogue / "EmoEvaluation" / f"{name}.txt", turns)
            for title, turn in _named(name, turns):
                if turn.code not in CODES:
                    omitted.append(Omission("not one of the seven", title))
                    continue
                left = turn.speaker == marked
                clips.append(
                    Clip(
                        "IEMOCAP", title, video, turn.played,
                        participant=f"Ses{session:02}{turn.speaker}",
                        session=f"Session{session}",
                        span=Seconds(turn.start, round(turn.start + TURN_S, 4)),
                        region=(0, 0, 0.5, 1) if left else (0.5, 0, 1, 1),
                        confidence=turn.seen,
                    )
                )  # fmt: skip
    if recipe.size.faults:
        name = "Ses01F_impro08"
        _annotate(root / "Session1" / "dialog" / "EmoEvaluation" / f"{name}.txt", turns[:1])
        omitted.append(Omission("missing file", _named(name, turns[:1])[0][0]))
    return Reading("IEMOCAP", tuple(clips), tuple(omitted))


def _turns(recipe: Recipe, name: str, session: int) -> list[Turn]:
    """Each actor plays all expressions in some order, and something else besides."""
    turns = []
    rng = recipe.chance(name)
    for number, speaker in enumerate(SEXES):
        other = list(OTHERS)[(2 * session + number - 2) % len(OTHERS)]
        order = [*rng.permutation(len(CODES)).tolist(), other]
        for place, played in enumerate(order):
            start = round(0.4 + STEP_S * (place + number / 2), 4)
            if played == other:
                votes, shown = OTHERS[other]
                turns.append(Turn(start, speaker, other, EMOTIONS.index(shown), votes))
                continue
            # Two of three is enough; the third rater sees what is rarely meant.
            third = WORDS[played] if rng.random() < 0.6 else "Frustration"
            votes = (WORDS[played], WORDS[played], third)
            turns.append(Turn(start, speaker, CODES[played], played, votes))
    return sorted(turns, key=lambda turn: turn.start)


def _record(
    recipe: Recipe,
    video: Path,
    pair: dict[str, Participant],
    marked: str,
    turns: Sequence[Turn],
    take: int,
) -> None:
    """The expression is there when the turn begins, and goes at its end."""
    rng = recipe.chance(f"{video.stem} actors")
    actors = []
    for place, sex in zip(places(2), sorted(SEXES, key=lambda sex: sex != marked), strict=True):
        player = pair[sex]
        keys = [Key(0, player.neutral)]
        for turn in turns:
            if turn.speaker == sex:
                shown = player.take(turn.played, take).end
                keys += [Key(turn.start - 0.3, shown), Key(turn.start + TURN_S, player.neutral)]
        actors.append(Actor(keys, recipe.look, rng, place))
    duration = turns[-1].start + TURN_S + 0.4
    recipe.film(video, record(recipe.look, actors, duration, rng, BARS), recipe.look)


def _named(dialogue: str, turns: Sequence[Turn]) -> list[tuple[str, Turn]]:
    """The turns with their names: each actor's are counted from 0."""
    counts = dict.fromkeys(SEXES, 0)
    named = []
    for turn in turns:
        named.append((f"{dialogue}_{turn.speaker}{counts[turn.speaker]:03}", turn))
        counts[turn.speaker] += 1
    return named


def _annotate(path: Path, turns: Sequence[Turn]) -> None:
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for title, turn in _named(path.stem, turns):
        time = f"[{turn.start:.4f} - {turn.start + TURN_S:.4f}]"
        lines.append(f"{time}\t{title}\t{turn.code}\t[2.5000, 2.5000, 2.5000]")
        lines += [f"C-E{rater}:\t{word};\t()" for rater, word in enumerate(turn.votes, 1)]
        lines.append(f"C-{turn.speaker}1:\t{WORDS[NEUTRAL]};\t()")
        lines += [f"A-E{rater}:\tval 3; act 2; dom  2;\t()" for rater in (1, 2)]
        lines += [f"A-{turn.speaker}1:\tval 2; act 3; dom  3;\t()", ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
