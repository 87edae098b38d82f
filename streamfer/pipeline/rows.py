"""What was seen and heard in a segment, as the tables of its file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Observations, Windows
from streamfer.faces.detections import Faces
from streamfer.pipeline.plan import Segment
from streamfer.sound.sound import SoundWindows
from streamfer.store.segment_file import AUDIO, EMBEDDINGS, FRAMES, SEAM, TRACKS, WINDOWS

_LANDMARKS = [
    name for name in FRAMES.names if name.endswith(("_x", "_y")) and not name.startswith("face_")
]


@dataclass(frozen=True)
class SeenFaces:
    """All faces seen in a segment and its margins, n of them.

    Boxes and landmarks of `faces` are fractions of the picture. `time_s` (n,) is that of the
    frame; `owned` (n,) tells which lie at the segment's own ticks.
    """

    observations: Observations
    faces: Faces
    time_s: np.ndarray
    owned: np.ndarray

    @property
    def own(self) -> dict[str, np.ndarray]:
        """Track and tick of the owned faces."""
        seen = self.observations
        return {"track": seen.track[self.owned], "tick": seen.tick[self.owned]}


def window_rows(
    windows: Windows, emotions: np.ndarray, seen: SeenFaces, ticks: np.ndarray, analysis: Analysis
) -> pa.Table:
    """A row for each window: what it says (`emotions`, (W, 7)), and of how many `ticks`."""
    first = windows.window * analysis.stride_ticks
    expected = np.searchsorted(ticks, first + analysis.window_ticks) - np.searchsorted(ticks, first)
    values = _places(seen.faces.boxes) | {"detection_score": seen.faces.scores}
    means = {name: windows.mean(value) for name, value in values.items()}
    counts: dict[str, np.ndarray] = {
        "track": windows.track,
        "window": windows.window,
        "faces": windows.faces,
        "expected": expected,
    }
    return _table(WINDOWS, counts | _emotions(emotions) | means)


def track_rows(seen: SeenFaces) -> pa.Table:
    """A row for each track, also for those seen in the margins alone."""
    track, tick = seen.observations.track, seen.observations.tick
    counted = seen.owned & seen.observations.finite
    # Counted faces first, each group by tick: what a margin shows of a track's beginning may have
    # been linked otherwise by the neighbour that owns it.
    order = np.argsort(~counted, kind="stable")
    first = order[np.unique(track[order], return_index=True)[1]]
    numbers, row = np.unique(track, return_inverse=True)
    last_tick = tick[first]
    np.maximum.at(last_tick, row[counted], tick[counted])
    sums = np.zeros((len(numbers), len(EMOTIONS)))
    np.add.at(sums, row[counted], seen.observations.probabilities[counted])
    boxes = seen.faces.boxes[first]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    columns: dict[str, np.ndarray] = {
        "track": numbers,
        "first_tick": tick[first],
        "last_tick": last_tick,
        "first_x": centres[:, 0],
        "first_y": centres[:, 1],
        "samples": np.bincount(row[counted], minlength=len(numbers)),
    }
    return _table(TRACKS, columns | _emotions(sums))


def join_tracks(pieces: pa.Table) -> pa.Table:
    """One row for each track of a segment whose rows were made in pieces, one after the other."""
    columns = {name: pieces[name].to_numpy() for name in pieces.column_names}
    # As in `track_rows`: what was counted has precedence, then what came first.
    order = np.argsort(columns["samples"] == 0, kind="stable")
    numbers, first, row = np.unique(columns["track"][order], return_index=True, return_inverse=True)
    joined = {name: values[order][first] for name, values in columns.items()}
    counted = columns["samples"][order] > 0
    np.maximum.at(joined["last_tick"], row[counted], columns["last_tick"][order][counted])
    for name in ("samples", *(f"p_{emotion}" for emotion in EMOTIONS)):
        joined[name] = np.bincount(row, columns[name][order], minlength=len(numbers))
    return _table(TRACKS, joined)


def seam_rows(seen: SeenFaces, segment: Segment, first: int, last: int) -> pa.Table:
    """A row for each face near either end of the segment, at the ticks first <= k < last."""
    track, tick = seen.observations.track, seen.observations.tick
    near = tick < segment.first_tick + segment.margin_ticks
    if segment.last_tick is not None:
        near |= tick >= segment.last_tick - segment.margin_ticks
    near &= (first <= tick) & (tick < last)
    places = _places(seen.faces.boxes[near])
    return _table(SEAM, {"tick": tick[near], "track": track[near]} | places)


def frame_rows(seen: SeenFaces) -> pa.Table:
    """A row for each owned face: where it is, and what a single look at it says."""
    faces = seen.faces.select(seen.owned)
    landmarks = dict(zip(_LANDMARKS, faces.landmarks.reshape(-1, 10).T, strict=True))
    return _table(
        FRAMES,
        seen.own
        | {"time_s": seen.time_s[seen.owned], "detection_score": faces.scores}
        | _places(faces.boxes)
        | landmarks
        | _emotions(seen.observations.probabilities[seen.owned]),
    )


def audio_rows(windows: range, sound: SoundWindows, *, mel: bool) -> pa.Table:
    """A row for each window, whether or not a face is there; `mel`: with its statistics."""
    columns = {
        "window": np.array(windows),
        "sound_s": sound.sound_s,
        "loudness_dbfs": sound.loudness_dbfs,
        "speech": sound.speech,
        "mel": sound.mel if mel else sound.mel[:, :0],
    }
    return _table(AUDIO, columns)


def embedding_rows(seen: SeenFaces) -> pa.Table:
    """A row for each owned face with its vector."""
    return _table(EMBEDDINGS, seen.own | {"vector": seen.observations.embeddings[seen.owned]})


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
    if values.ndim > 1:
        flat = pa.array(values.astype(kind.value_type.to_pandas_dtype()).ravel())
        if pa.types.is_fixed_size_list(kind):
            return pa.FixedSizeListArray.from_arrays(flat, type=kind)
        offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
        return pa.ListArray.from_arrays(pa.array(offsets), flat, type=kind)
    return pa.array(values.astype(kind.to_pandas_dtype()))
