"""CREMA-D: one Flash file for each clip, and tables of what thousands of people saw in it.

`VideoFlash/1001_DFA_ANG_XX.flv`: actor, sentence, intended emotion, level.
`processedResults/tabulatedVotes.csv` has three rows for each clip, numbered from 100001 (those who
heard it), 200001 (those who saw it) and 300001 (both); a tie is written "A:D".
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.samples import Clip, Omission, Reading
from trainers.corpora.synthetic.recipe import Recipe

INTENDED = {
    "NEU": "neutral",
    "HAP": "happiness",
    "SAD": "sadness",
    "FEA": "fear",
    "DIS": "disgust",
    "ANG": "anger",
}
SENTENCES = ("DFA", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI", "IEO")
DIVIDING = ("IEO_FEA_LO", "IEO_DIS_MD", "IEO_SAD_HI")
VOTED = ("A", "D", "F", "H", "N", "S")
LEVELS = ("Emo", "Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad", "medianEmo")
MODES = ("Voice", "Face", "MultiModal")
RATERS = 10
FIRST_ACTOR = 1001
MISSING = "1001_DFA_ANG_XX"  # if faults are planted

Votes = tuple[int, ...]
"""How many raters chose each of `VOTED`."""


def write(root: Path, recipe: Recipe) -> Reading[Clip]:
    """Write the corpus; returns what is to be read of it.

    Of each actor one clip more divides its raters: nothing has 60 % of their votes.
    """
    clips, omitted = [], []
    votes: list[tuple[str, Votes]] = []
    rng = recipe.chance("votes")
    cast = recipe.cast(min(recipe.size.participants, 91))
    for actor, player in enumerate(cast, FIRST_ACTOR):
        divided = f"{actor}_{DIVIDING[actor % len(DIVIDING)]}"
        for name in [*_names(actor, recipe.size.takes), divided]:
            code = name[9:12]
            agreeing = 5 if name == divided else int(rng.integers(7, RATERS + 1))
            votes.append((name, _votes(code[0], agreeing, tie=actor % 2 == 0)))
            if recipe.size.faults and name == MISSING:
                omitted.append(Omission("missing file", name))
                continue
            path = root / "VideoFlash" / f"{name}.flv"
            label = EMOTIONS.index(INTENDED[code])
            recipe.clip(path, [player], label, SENTENCES.index(name[5:8]))
            if name == divided:
                omitted.append(Omission("low agreement", name))
                continue
            clips.append(
                Clip(
                    "CREMA-D", name, path, label,
                    participant=str(actor), confidence=agreeing / RATERS,
                )
            )  # fmt: skip
    _write_tables(root, votes, [str(FIRST_ACTOR + number) for number in range(len(cast))])
    return Reading("CREMA-D", tuple(clips), tuple(omitted))


def _names(actor: int, takes: int) -> list[str]:
    """What an actor says: every emotion in as many sentences as there are takes."""
    sentences = SENTENCES[: min(takes, len(SENTENCES) - 1)]
    return [f"{actor}_{sentence}_{code}_XX" for sentence in sentences for code in INTENDED]


def _votes(letter: str, agreeing: int, *, tie: bool) -> Votes:
    """`agreeing` of the raters for the letter; the others for the next one, or for two."""
    counted = dict.fromkeys(VOTED, 0)
    counted[letter] = agreeing
    next_one = VOTED[(VOTED.index(letter) + 1) % len(VOTED)]
    after = VOTED[(VOTED.index(letter) + 2) % len(VOTED)]
    rest = RATERS - agreeing
    counted[next_one] += rest if tie else (rest + 1) // 2
    counted[after] += 0 if tie else rest // 2
    return tuple(counted.values())


def _winners(votes: Votes) -> str:
    return ":".join(
        letter for letter, count in zip(VOTED, votes, strict=True) if count == max(votes)
    )


def _write_tables(root: Path, votes: Sequence[tuple[str, Votes]], actors: Sequence[str]) -> None:
    names = [name for name, _ in votes]
    _table(root / "SentenceFilenames.csv", ["Stimulus_Number", "Filename"], enumerate(names, 1))
    columns = ["ActorID", "Age", "Sex", "Race", "Ethnicity"]
    people = [(int(actor), 40, "Unknown", "Unknown", "Unknown") for actor in actors]
    _table(root / "VideoDemographics.csv", columns, people)
    rated = [f"mean{level}Resp" for level in LEVELS[:-1]] + ["medianEmoResp"]
    columns = ["", *VOTED, "fileName", "numResponses", "agreement", "emoVote"]
    columns += rated + [f"{name}Norm" for name in rated]
    rows = [
        (
            str(100_000 * mode + number), *counted, name, RATERS, max(counted) / RATERS,
            _winners(counted), *[50.0] * 2 * len(rated),
        )
        for mode in range(1, len(MODES) + 1)
        for number, (name, counted) in enumerate(votes, 1)
    ]  # fmt: skip
    _table(root / "processedResults" / "tabulatedVotes.csv", columns, rows)
    columns = ["", "FileName", *(f"{mode}{what}" for mode in MODES for what in ("Vote", "Level"))]
    summary = []
    for number, (name, counted) in enumerate(votes, 1):
        winners = _winners(counted)
        level = ":".join(["50"] * (winners.count(":") + 1))
        summary.append((str(number), name, *[winners, level] * len(MODES)))
    _table(root / "processedResults" / "summaryTable.csv", columns, summary)


def _table(path: Path, columns: Sequence[str], rows: object) -> None:
    """CSV as R writes it: text in quotes, numbers not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)  # type: ignore[arg-type]
