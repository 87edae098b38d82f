"""SAVEE: a folder for each of four speakers; a letter says the emotion, a number the sentence.

`AudioVisualClip/DC/a1.avi`; a anger, d disgust, f fear, h happiness, n neutral, sa sadness,
su surprise. There are twice as many neutral ones.
"""

from __future__ import annotations

from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.samples import Clip, Reading
from trainers.corpora.synthetic.recipe import Recipe

SPEAKERS = ("DC", "JE", "JK", "KL")
LETTERS = ("n", "h", "sa", "su", "f", "d", "a")  # in the order of `EMOTIONS`
SENTENCES = 15  # of an emotion


def write(root: Path, recipe: Recipe) -> Reading[Clip]:
    """Write the corpus; returns what is to be read of it."""
    clips = []
    speakers = SPEAKERS[: recipe.size.participants]
    cast = recipe.cast(len(speakers))
    takes = min(recipe.size.takes, SENTENCES)
    for speaker, player in zip(speakers, cast, strict=True):
        for label, letter in enumerate(LETTERS):
            count = 2 * takes if EMOTIONS[label] == "neutral" else takes
            for number in range(1, count + 1):
                path = root / "AudioVisualClip" / speaker / f"{letter}{number}.avi"
                pair = recipe.size.faults and path.stem == "h1" and speaker == speakers[0]
                recipe.clip(path, [player, cast[-1]] if pair else [player], label, number)
                name = f"{speaker}_{path.stem}"
                clips.append(Clip("SAVEE", name, path, label, participant=speaker))
    return Reading("SAVEE", tuple(clips))
