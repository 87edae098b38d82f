"""RAVDESS: one file for each take, named by seven numbers; speech and song, with and without sound.

`Video_Speech_Actor_01/Actor_01/02-01-06-01-02-01-12.mp4`: modality (01 audio-video, 02 video-only),
vocal channel (01 speech, 02 song), emotion, intensity, statement, repetition, actor.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.samples import Clip, Omission, Reading
from trainers.corpora.synthetic.film import add_sound
from trainers.corpora.synthetic.recipe import Recipe

CODES = {
    "neutral": 1,
    "calm": 2,
    "happiness": 3,
    "sadness": 4,
    "anger": 5,
    "fear": 6,
    "disgust": 7,
    "surprise": 8,
}
CHANNELS = {"Speech": (1, 8), "Song": (2, 6)}  # number, and the last emotion's code
ACTOR_WITHOUT_SONG = 18
UNKNOWN = 9  # a code of the emotion that does not exist


def write(root: Path, recipe: Recipe) -> Reading[Clip]:
    """Write the corpus; returns what is to be read of it."""
    clips, omitted = [], []
    for actor, player in enumerate(recipe.cast(min(recipe.size.participants, 24)), 1):
        for channel, (number, last) in CHANNELS.items():
            if channel == "Song" and actor == ACTOR_WITHOUT_SONG:
                continue
            folder = root / f"Video_{channel}_Actor_{actor:02}" / f"Actor_{actor:02}"
            for emotion, code in CODES.items():
                if code > last:
                    continue
                label = EMOTIONS.index("neutral" if emotion == "calm" else emotion)
                for take, play in enumerate(_plays(code, recipe.size.takes)):
                    name = f"{number:02}-{code:02}-{play}-{actor:02}"
                    silent, sounding = folder / f"02-{name}.mp4", folder / f"01-{name}.mp4"
                    faceless = recipe.size.faults and actor == 1 and name.startswith("01-03-")
                    recipe.clip(silent, [] if faceless else [player], label, take)
                    add_sound(silent, sounding, recipe.seed)
                    for path in (sounding, silent):
                        if emotion == "calm":
                            omitted.append(Omission("calm", path.stem))
                            continue
                        clips.append(
                            Clip(
                                "RAVDESS", path.stem, path, label,
                                participant=f"Actor_{actor:02}", take=name,
                            )
                        )  # fmt: skip
    if recipe.size.faults:
        stray = folder / f"02-01-{UNKNOWN:02}-01-01-01-{actor:02}.mp4"
        stray.write_bytes(silent.read_bytes())
        omitted.append(Omission("unknown emotion", stray.stem))
    return Reading("RAVDESS", tuple(clips), tuple(omitted))


def _plays(code: int, takes: int) -> Iterator[str]:
    """intensity-statement-repetition; neutral has one intensity and so half as many."""
    intensities = 1 if code == CODES["neutral"] else 2
    for take in range(min(takes, 4 * intensities)):
        rest, intensity = divmod(take, intensities)
        repetition, statement = divmod(rest, 2)
        yield f"{intensity + 1:02}-{statement + 1:02}-{repetition + 1:02}"
