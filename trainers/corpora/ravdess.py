"""RAVDESS (Livingstone and Russo 2018): 24 actors speak and sing two sentences with an emotion.

Read from the zip archives of https://zenodo.org/records/1188976 as they unpack: `Actor_01/*.mp4`,
in one folder or each under `Video_Speech_Actor_01/`, `Video_Song_Actor_01/`. The names tell all:
modality, channel, emotion, intensity, statement, repetition, actor, such as
`01-01-06-01-02-01-12.mp4`. As the paper, this takes the speech and the songs, with sound
(modality 01) and without (02); the two show the same take. Actor 18 did not sing. CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import product
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora import files
from trainers.corpora.samples import Clip, Reading

NAME = "RAVDESS"

EXPRESSIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}

_NAME = re.compile(
    r"(?P<modality>0[12])-(?P<take>0[12]-(?P<emotion>\d\d)-0[12]-0[12]-0[12]-(?P<actor>\d\d))"
)


def read(root: Path) -> Reading[Clip]:
    """Read all videos under `root`.

    Raises:
        InputError: `root` is no folder.
    """
    gathered = files.Gathered[Clip](NAME)
    for video in files.videos(root, gathered):
        name = _NAME.fullmatch(video.stem)
        if name is None:
            gathered.omit(files.UNKNOWN_NAME, video.relative_to(root).as_posix())
        elif (expression := EXPRESSIONS.get(name["emotion"])) is None:
            gathered.omit(files.UNKNOWN_LABEL, video.stem)
        elif expression not in EMOTIONS:
            gathered.omit(files.NOT_OF_THE_SEVEN, video.stem)
        else:
            gathered.take(
                Clip(
                    corpus=NAME,
                    name=video.stem,
                    video=video,
                    label=EMOTIONS.index(expression),
                    participant=f"Actor_{name['actor']}",
                    take=name["take"],
                )
            )
    return gathered.reading()


def whole() -> list[str]:
    """The names, without suffix, of the 4904 videos of the seven expressions and of calm."""
    names = []
    for modality, channel, emotion, intensity, statement, repetition, actor in product(
        ("01", "02"), ("01", "02"), EXPRESSIONS, ("01", "02"), ("01", "02"), ("01", "02"), range(24)
    ):
        neutral_is_never_strong = emotion == "01" and intensity == "02"
        not_sung = channel == "02" and (emotion in {"07", "08"} or actor + 1 == 18)
        if not neutral_is_never_strong and not not_sung:
            parts = (modality, channel, emotion, intensity, statement, repetition)
            names.append("-".join((*parts, f"{actor + 1:02}")))
    return names


def missing(reading: Reading[Clip]) -> list[str]:
    """Which archives of the download are incomplete, and by how much."""
    there = {clip.name for clip in reading.samples} | {left.name for left in reading.omitted}
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for name in whole():
        kind = "Speech" if name[3:5] == "01" else "Song"
        archive = f"Video_{kind}_Actor_{name[-2:]}.zip"
        expected[archive] += 1
        found[archive] += name in there
    return [
        f"{archive}: {found[archive]} of {count} videos are there"
        for archive, count in sorted(expected.items())
        if found[archive] < count
    ]
