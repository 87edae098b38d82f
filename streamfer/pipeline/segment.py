"""One segment, from its video to its rows.

Every step up to the tracks runs over the margins too, so that neighbours agree where they
meet; crops are looked at only where a window of this segment needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis
from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Observations, Windows, gather, windows_starting_in
from streamfer.faces.align import align, cut_boxes
from streamfer.faces.cuts import CutDetector
from streamfer.faces.detections import Faces
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import Sample, SampleReader
from streamfer.pipeline.models import Models
from streamfer.pipeline.plan import Segment
from streamfer.store.segment_file import (
    EMBEDDINGS,
    FRAMES,
    SEAM,
    TRACKS,
    WINDOWS,
    SegmentResult,
)

# Crops wait until there are enough for the backbone to run at its best: a few megabytes at most.
_BATCH = 32

_LANDMARKS = [
    name for name in FRAMES.names if name.endswith(("_x", "_y")) and not name.startswith("face_")
]

Progress = Callable[[float], None]


def analyse_segment(
    segment: Segment, analysis: Analysis, models: Models, progress: Progress = lambda _: None
) -> SegmentResult:
    """Decode, find, track and read the faces of one segment.

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
    return _result(segment, analysis, context, seen, reader)


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


def _unread(faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and probabilities that stand for faces nobody looks at."""
    return (
        np.zeros((faces, EMBEDDING_SIZE), np.float32),
        np.zeros((faces, len(EMOTIONS)), np.float32),
    )


def _result(
    segment: Segment, analysis: Analysis, context: int, seen: _Seen, reader: SampleReader
) -> SegmentResult:
    ticks = np.array(seen.ticks, np.int32)
    counts = [len(faces) for faces in seen.faces]
    faces = Faces.concatenate(seen.faces)
    tick = np.repeat(ticks, counts)
    track = np.concatenate([np.empty(0, np.int32), *seen.tracks]).astype(np.int32)
    embeddings, probabilities = (
        np.concatenate(parts) for parts in zip(_unread(0), *seen.embedded, strict=True)
    )
    end = segment.last_tick if segment.last_tick is not None else int(ticks.max(initial=0)) + 1
    windows = gather(
        Observations(track, tick, embeddings, probabilities),
        windows_starting_in(segment.first_tick, end, analysis.stride_ticks),
        window_ticks=analysis.window_ticks,
        stride_ticks=analysis.stride_ticks,
        context_ticks=context,
    )
    owned = (segment.first_tick <= tick) & (tick < end)
    own = {"track": track[owned], "tick": tick[owned]}
    return SegmentResult(
        windows=_window_rows(windows, faces, ticks, analysis, seen.models.recognise(windows)),
        tracks=_track_rows(track, tick, faces.boxes, owned),
        seam=_seam_rows(segment, track, tick, faces.boxes),
        frames=_table(
            FRAMES,
            own
            | {"time_s": np.repeat(np.array(seen.times), counts)[owned]}
            | _places(faces.boxes[owned])
            | dict(zip(_LANDMARKS, faces.landmarks[owned].reshape(-1, 10).T, strict=True))
            | {"detection_score": faces.scores[owned]}
            | _emotions(probabilities[owned]),
        )
        if analysis.frames
        else FRAMES.empty_table(),
        embeddings=_table(EMBEDDINGS, own | {"vector": embeddings[owned]})
        if analysis.embeddings
        else EMBEDDINGS.empty_table(),
        sampled=int(((segment.first_tick <= ticks) & (ticks < end)).sum()),
        decoded_until_s=reader.decoded_until_s,
        decode_errors=reader.decode_errors,
        ended=reader.ended,
    )


def _window_rows(
    windows: Windows, faces: Faces, ticks: np.ndarray, analysis: Analysis, emotions: np.ndarray
) -> pa.Table:
    first = windows.window * analysis.stride_ticks
    expected = np.searchsorted(ticks, first + analysis.window_ticks) - np.searchsorted(ticks, first)
    seen = _places(faces.boxes) | {"detection_score": faces.scores}
    means = {name: windows.mean(values) for name, values in seen.items()}
    counts: dict[str, np.ndarray] = {
        "track": windows.track,
        "window": windows.window,
        "faces": windows.faces,
        "expected": expected,
    }
    return _table(WINDOWS, counts | _emotions(emotions) | means)


def _track_rows(
    track: np.ndarray, tick: np.ndarray, boxes: np.ndarray, owned: np.ndarray
) -> pa.Table:
    # Owned faces first, each group by tick: what a margin shows of a track's beginning may have
    # been linked otherwise by the neighbour that owns it.
    order = np.argsort(~owned, kind="stable")
    numbers, first, inverse = np.unique(track[order], return_index=True, return_inverse=True)
    first = order[first]
    centres = (boxes[first, :2] + boxes[first, 2:]) / 2
    return _table(
        TRACKS,
        {
            "track": numbers,
            "first_tick": tick[first],
            "first_x": centres[:, 0],
            "first_y": centres[:, 1],
            "samples": np.bincount(inverse, weights=owned[order], minlength=len(numbers)),
        },
    )


def _seam_rows(
    segment: Segment, track: np.ndarray, tick: np.ndarray, boxes: np.ndarray
) -> pa.Table:
    near = tick < segment.first_tick + segment.margin_ticks
    if segment.last_tick is not None:
        near |= tick >= segment.last_tick - segment.margin_ticks
    return _table(SEAM, {"tick": tick[near], "track": track[near]} | _places(boxes[near]))


def _places(boxes: np.ndarray) -> dict[str, np.ndarray]:
    """Left and upper edge, width and height of boxes given by their corners."""
    return {
        "face_x": boxes[:, 0],
        "face_y": boxes[:, 1],
        "face_w": boxes[:, 2] - boxes[:, 0],
        "face_h": boxes[:, 3] - boxes[:, 1],
    }


def _emotions(probabilities: np.ndarray) -> dict[str, np.ndarray]:
    return {f"p_{emotion}": probabilities[:, n] for n, emotion in enumerate(EMOTIONS)}


def _table(schema: pa.Schema, columns: dict[str, np.ndarray]) -> pa.Table:
    return pa.table([_array(columns[field.name], field.type) for field in schema], schema=schema)


def _array(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(kind):
        flat = values.astype(kind.value_type.to_pandas_dtype()).ravel()
        return pa.FixedSizeListArray.from_arrays(pa.array(flat), type=kind)
    return pa.array(values.astype(kind.to_pandas_dtype()))
