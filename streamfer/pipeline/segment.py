"""One segment, from its video to its rows.

Every step up to the tracks runs over the margins too, so that neighbours agree where they
meet; crops are looked at only where a window of this segment needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from streamfer.config import Analysis
from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Observations, WindowSound, gather, windows_starting_in
from streamfer.faces.align import align, cut_boxes
from streamfer.faces.cuts import CutDetector
from streamfer.faces.detections import Faces
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import Sample, SampleReader
from streamfer.pipeline.models import Models
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.rows import (
    SeenFaces,
    audio_rows,
    embedding_rows,
    frame_rows,
    seam_rows,
    track_rows,
    window_rows,
)
from streamfer.store.segment_file import AUDIO, EMBEDDINGS, FRAMES, SegmentResult

if TYPE_CHECKING:
    from streamfer.sound.sound import Sound
    from streamfer.sound.speech import SpeechDetector

# Crops wait until there are enough for the backbone to run at its best: a few megabytes at most.
_BATCH = 32

Progress = Callable[[float], None]


def analyse_segment(
    segment: Segment,
    analysis: Analysis,
    models: Models,
    progress: Progress = lambda _: None,
    speech: SpeechDetector | None = None,
) -> SegmentResult:
    """Decode, find, track and read the faces of one segment; with `speech`, listen to it too.

    `progress` is told the time that has been reached, in seconds of media, at every sample.
    Raises InputError where the file cannot be opened; what breaks later is counted instead.
    """
    reader = SampleReader(segment.info, analysis.fps, segment.read_from, segment.read_until)
    cuts = CutDetector(analysis.cut_distance)
    finder = FaceFinder(models.detect, analysis)
    tracker = Tracker(round(analysis.max_gap_s * analysis.fps), analysis.fps)
    seen = _Seen(models)
    context = round(models.context_s * analysis.fps)
    embed_from = segment.first_tick - context
    embed_until = (
        None if segment.last_tick is None else segment.last_tick + analysis.window_ticks + context
    )
    for sample in reader:
        cut = cuts.is_cut(sample.picture)
        faces = finder.find(sample.tick, sample.picture, cut)
        tracks = tracker.update(sample.tick, sample.picture, faces, cut=cut)
        needed = embed_from <= sample.tick and (embed_until is None or sample.tick < embed_until)
        seen.add(sample, faces, tracks, embed=needed)
        progress(sample.time_s)
    seen.flush()
    return _result(segment, analysis, context, seen, reader, speech)


@dataclass
class _Seen:
    """All that was seen in a segment: a row for each tick, and a row for each face.

    Boxes and landmarks are fractions of the picture, so that a change of size in mid-stream
    changes nothing. Faces outside the range that windows need carry zeros for the backbone.
    """

    models: Models
    ticks: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    faces: list[Faces] = field(default_factory=list)
    tracks: list[np.ndarray] = field(default_factory=list)
    embedded: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    waiting: list[np.ndarray] = field(default_factory=list)

    def add(self, sample: Sample, faces: Faces, tracks: np.ndarray, *, embed: bool) -> None:
        height, width = sample.picture.shape[:2]
        self.ticks.append(sample.tick)
        self.times.append(sample.time_s)
        self.faces.append(faces.scaled(1 / width, 1 / height))
        self.tracks.append(tracks)
        if not len(faces):
            return
        if embed:
            size, aligned = self.models.crop
            self.waiting.append(
                align(sample.picture, faces.landmarks, size)
                if aligned
                else cut_boxes(sample.picture, faces.boxes, size)
            )
            if sum(map(len, self.waiting)) >= _BATCH:
                self.flush()
        else:
            self.flush()
            self.embedded.append(_unread(len(faces)))

    def flush(self) -> None:
        """Show the crops that wait to the backbone."""
        if self.waiting:
            self.embedded.append(self.models.embed(np.concatenate(self.waiting)))
            self.waiting.clear()

    def all_faces(self, first_tick: int, last_tick: int) -> SeenFaces:
        """Everything seen; owned are the ticks from the first until before the last."""
        counts = [len(faces) for faces in self.faces]
        tick = np.repeat(np.array(self.ticks, np.int32), counts)
        track = np.concatenate([np.empty(0, np.int32), *self.tracks]).astype(np.int32)
        read = (np.concatenate(parts) for parts in zip(_unread(0), *self.embedded, strict=True))
        return SeenFaces(
            observations=Observations(track, tick, *read),
            faces=Faces.concatenate(self.faces),
            time_s=np.repeat(np.array(self.times), counts),
            owned=(first_tick <= tick) & (tick < last_tick),
        )


def _unread(faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and probabilities that stand for faces nobody looks at."""
    return (
        np.zeros((faces, EMBEDDING_SIZE), np.float32),
        np.zeros((faces, len(EMOTIONS)), np.float32),
    )


def _result(
    segment: Segment,
    analysis: Analysis,
    context: int,
    seen: _Seen,
    reader: SampleReader,
    speech: SpeechDetector | None,
) -> SegmentResult:
    ticks = np.array(seen.ticks, np.int32)
    end = segment.last_tick if segment.last_tick is not None else int(ticks.max(initial=0)) + 1
    own = windows_starting_in(segment.first_tick, end, analysis.stride_ticks)
    faces = seen.all_faces(segment.first_tick, end)
    windows = gather(
        faces.observations,
        own,
        window_ticks=analysis.window_ticks,
        stride_ticks=analysis.stride_ticks,
        context_ticks=context,
        gaps=analysis.gaps,
        hold_ticks=analysis.hold_ticks,
    )
    audio, stream = AUDIO.empty_table(), ""
    if speech is not None:
        sound = _listen(segment, analysis, speech, end + analysis.window_ticks)
        stream = sound.description
        heard = sound.windows(np.array(own) * analysis.stride_ticks, analysis.window_ticks)
        audio = audio_rows(own, heard, mel=analysis.embeddings)
        row = windows.window - own.start
        share = (heard.sound_s / analysis.window_s).astype(np.float32)
        windows = replace(windows, sound=WindowSound(heard.mel[row], share[row]))
    emotions = seen.models.recognise(windows)
    return SegmentResult(
        windows=window_rows(windows, emotions, faces, ticks, analysis),
        tracks=track_rows(faces),
        seam=seam_rows(faces, segment),
        audio=audio,
        frames=frame_rows(faces) if analysis.frames else FRAMES.empty_table(),
        embeddings=embedding_rows(faces) if analysis.embeddings else EMBEDDINGS.empty_table(),
        sampled=int(((segment.first_tick <= ticks) & (ticks < end)).sum()),
        last_tick=int(ticks.max(initial=-1)),
        decoded_until_s=reader.decoded_until_s,
        decode_errors=reader.decode_errors,
        ended=reader.ended,
        sound=stream,
    )


def _listen(segment: Segment, analysis: Analysis, speech: SpeechDetector, last_tick: int) -> Sound:
    # Imported only here: it needs torch, which takes seconds.
    from streamfer.sound.listen import listen  # noqa: PLC0415

    return listen(segment.info, analysis.fps, segment.first_tick, last_tick, speech)
