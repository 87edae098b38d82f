"""Faces followed over time: what the temporal methods learn from, out of videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.backbone import Crop, Embedded
from streamfer.emotion.windows import Windows
from streamfer.faces.detections import Faces, Picture
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.segment import analyse_segment

NO_LABEL = -1
SHORTEST = 5  # samples of a track that is worth learning from

PERSONS = {
    "pyfeat__face_noface": "pyfeat",
    "pyfeat__noface_face": "pyfeat",
    "pyfeat__single_face": "pyfeat",
}
"""Who is seen in clips that share a person; elsewhere a clip's people are in that clip alone."""

HELD_OUT = ("fer__woman2", "liveportrait__d6", "liveportrait__s18", "pyfeat")
"""How the names of the persons begin on whom nothing is fitted."""


@dataclass(frozen=True)
class FaceSequence:
    """One person's face at n rising ticks of a clip, which is "" where it was made of stills.

    crops: uint8 (n, S, S, 3) RGB, as the backbone takes them. labels (n,): what a person said
    of each, an index into `EMOTIONS`, or `NO_LABEL`.
    """

    person: str
    clip: str
    ticks: NDArray[np.int64]
    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass
class _KeepingModels:
    """The models of a run, which also keep every crop that they are shown."""

    models: LocalModels
    crops: list[NDArray[np.uint8]] = field(default_factory=list)

    @property
    def crop(self) -> Crop:
        return self.models.crop

    @property
    def context_s(self) -> float:
        return self.models.context_s

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        return self.models.detect(pictures)

    def embed(self, crops: NDArray[np.uint8]) -> Embedded:
        self.crops.append(crops)
        return self.models.embed(crops)

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        return self.models.recognise(windows)


def followed(video: Path, analysis: Analysis, models: LocalModels) -> list[FaceSequence]:
    """The faces of a video, found, followed and cut out as in a run; passers-by are left out.

    `analysis` must ask for frames.

    Raises:
        InputError: The file is no video that can be decoded.
    """
    keeping = _KeepingModels(models)
    info = probe(str(video), Limits())
    whole = Segment("", info, index=0, first_tick=0, last_tick=None, margin_ticks=0)
    frames = analyse_segment(whole, analysis, keeping).frames
    if not len(frames):
        return []
    crops = np.concatenate(keeping.crops)
    track, tick = (frames[name].to_numpy().astype(np.int64) for name in ("track", "tick"))
    who = PERSONS.get(video.stem, video.stem)
    numbers, counts = np.unique(track, return_counts=True)
    return [
        FaceSequence(who, video.name, tick[rows], crops[rows], np.full(rows.sum(), NO_LABEL))
        for rows in (track == number for number in numbers[counts >= SHORTEST])
    ]


def split(sequences: Sequence[FaceSequence]) -> tuple[list[FaceSequence], list[FaceSequence]]:
    """Divide those of videos into (fitted, held out), with nobody on both sides."""
    fitted = [s for s in sequences if not s.person.startswith(HELD_OUT)]
    return fitted, [s for s in sequences if s.person.startswith(HELD_OUT)]
