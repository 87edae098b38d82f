"""What was seen in a segment so far, and is still needed."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Observations
from streamfer.faces.align import align, cut_boxes
from streamfer.faces.detections import Faces
from streamfer.media.decode import Sample
from streamfer.pipeline.models import Models
from streamfer.pipeline.rows import SeenFaces

# Crops wait until there are enough for the backbone to run at its best: a few megabytes at most.
_BATCH = 32


@dataclass
class Seen:
    """All that was seen in a segment: a row for each tick, and a row for each face.

    Boxes and landmarks are fractions of the picture, so that a change of size in mid-stream
    changes nothing. Faces outside the range that windows need carry zeros for the backbone.
    """

    models: Models
    ticks: list[int] = field(default_factory=list)
    last_tick: int = -1
    _times: list[float] = field(default_factory=list)
    _faces: list[Faces] = field(default_factory=list)
    _tracks: list[np.ndarray] = field(default_factory=list)
    _embedded: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    _waiting: list[np.ndarray] = field(default_factory=list)

    def add(self, sample: Sample, faces: Faces, tracks: np.ndarray, *, embed: bool) -> None:
        """Note the faces of the next sample; with `embed` they are shown to the backbone."""
        height, width = sample.picture.shape[:2]
        self.last_tick = sample.tick
        self.ticks.append(sample.tick)
        self._times.append(sample.time_s)
        self._faces.append(faces.scaled(1 / width, 1 / height))
        self._tracks.append(tracks)
        if not len(faces):
            return
        if embed:
            size, aligned = self.models.crop
            self._waiting.append(
                align(sample.picture, faces.landmarks, size)
                if aligned
                else cut_boxes(sample.picture, faces.boxes, size)
            )
            if sum(map(len, self._waiting)) >= _BATCH:
                self._flush()
        else:
            self._flush()
            self._embedded.append(_unread(len(faces)))

    def all_faces(self, first_tick: int, last_tick: int) -> SeenFaces:
        """Everything not forgotten; owned are the ticks from the first until before the last."""
        counts = [len(faces) for faces in self._faces]
        tick = np.repeat(np.array(self.ticks, np.int32), counts)
        track = np.concatenate([np.empty(0, np.int32), *self._tracks]).astype(np.int32)
        return SeenFaces(
            observations=Observations(track, tick, *self._read()),
            faces=Faces.concatenate(self._faces),
            time_s=np.repeat(np.array(self._times), counts),
            owned=(first_tick <= tick) & (tick < last_tick),
        )

    def forget(self, before: int) -> None:
        """Let go of all ticks before this one."""
        gone = bisect_left(self.ticks, before)
        faces = sum(map(len, self._faces[:gone]))
        for of_each_tick in (self.ticks, self._times, self._faces, self._tracks):
            del of_each_tick[:gone]
        embeddings, probabilities = self._read()
        self._embedded = [(embeddings[faces:].copy(), probabilities[faces:].copy())]

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        """What the backbone said of all faces: embeddings and probabilities, a row for each."""
        self._flush()
        embeddings, probabilities = zip(_unread(0), *self._embedded, strict=True)
        return np.concatenate(embeddings), np.concatenate(probabilities)

    def _flush(self) -> None:
        """Show the crops that wait to the backbone."""
        if self._waiting:
            self._embedded.append(self.models.embed(np.concatenate(self._waiting)))
            self._waiting.clear()


def _unread(faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and probabilities that stand for faces nobody looks at."""
    return (
        np.zeros((faces, EMBEDDING_SIZE), np.float32),
        np.zeros((faces, len(EMOTIONS)), np.float32),
    )
