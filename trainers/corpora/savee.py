"""SAVEE (Haq and Jackson 2010): four men speak 120 sentences each with an emotion.

Read from a folder for each speaker, `DC`, `JE`, `JK` and `KL`, as in the download
(`AudioVisualClip/DC/a1.avi`, found in public code; others have `AudioVisual/DC/a01.avi`), or from
files that carry the speaker in their name (`DC_a01.avi`). A letter or two tell the emotion, then
follows the number of the sentence. The part `AudioData` and the copies on Kaggle have no pictures.
Free for research, on request: http://kahlan.eps.surrey.ac.uk/savee/.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora import files
from trainers.corpora.samples import Clip, Reading

NAME = "SAVEE"
SPEAKERS = ("DC", "JE", "JK", "KL")
EACH = 120
"""Videos of one speaker: 30 neutral and 15 of each other expression."""

EXPRESSIONS = {
    "n": "neutral",
    "h": "happiness",
    "sa": "sadness",
    "su": "surprise",
    "f": "fear",
    "d": "disgust",
    "a": "anger",
}

_NAME = re.compile(r"(?:(?P<speaker>[A-Za-z]{2})_)?(?P<emotion>[a-z]{1,2})(?P<sentence>\d{1,2})")


def read(root: Path) -> Reading[Clip]:
    """Read all videos under `root`.

    Raises:
        InputError: `root` is no folder.
    """
    gathered = files.Gathered[Clip](NAME)
    for video in files.videos(root, gathered):
        path = video.relative_to(root).as_posix()
        name = _NAME.fullmatch(video.stem)
        speaker = ((name and name["speaker"]) or video.parent.name).upper()
        if name is None or speaker not in SPEAKERS:
            gathered.omit(files.UNKNOWN_NAME, path)
        elif (expression := EXPRESSIONS.get(name["emotion"])) is None:
            gathered.omit(files.UNKNOWN_LABEL, path)
        else:
            gathered.take(
                Clip(
                    corpus=NAME,
                    name=f"{speaker}_{name['emotion']}{int(name['sentence']):02}",
                    video=video,
                    label=EMOTIONS.index(expression),
                    participant=speaker,
                )
            )
    return gathered.reading()


def missing(reading: Reading[Clip]) -> list[str]:
    """Which speakers are incomplete, and by how much."""
    found = Counter(clip.participant for clip in reading.samples)
    return [
        f"speaker {speaker}: {found[speaker]} of {EACH} videos are there"
        for speaker in SPEAKERS
        if found[speaker] < EACH
    ]
