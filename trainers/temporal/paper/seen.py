"""What a run that keeps frames and embeddings saw, one video after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS
from streamfer.store.output import read_metadata, safe_name, table_paths
from streamfer.store.read import table_files
from streamfer.store.table_reader import read_table

_PLACES = ["face_x", "face_y", "face_w", "face_h"]
_PROBABILITIES = [f"p_{emotion}" for emotion in EMOTIONS]


class Faces(NamedTuple):
    """The n faces seen in a video, in order of ticks.

    track, tick (n,) int; time_s (n,) when the picture is shown; centre (n, 2) and area (n,) as
    fractions of the picture; embeddings (n, 512) and probabilities (n, 7), float32, all finite.
    """

    track: NDArray[np.int64]
    tick: NDArray[np.int64]
    time_s: NDArray[np.float64]
    centre: NDArray[np.float64]
    area: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    def where(self, chosen: NDArray[np.bool_]) -> Faces:
        """Those for which `chosen` (n,) is true."""
        return Faces(
            self.track[chosen],
            self.tick[chosen],
            self.time_s[chosen],
            self.centre[chosen],
            self.area[chosen],
            self.embeddings[chosen],
            self.probabilities[chosen],
        )


class Seen:
    """The tables of a run.

    fps: ticks a second. backbone_sha256: whose embeddings it kept. status: of each video's key
    "done", "partial" or "failed", and why.

    Raises:
        UsageError: There is no such run, or it kept neither frames nor embeddings.
    """

    def __init__(self, timelines: Path) -> None:
        metadata = read_metadata(timelines)
        self.fps = int(json.loads(metadata["streamfer.settings"])["fps"])
        self.backbone_sha256 = str(json.loads(metadata["streamfer.models"])["backbone"]["sha256"])
        ledger = _columns(timelines, "videos", ["video", "status", "reason"])
        self.status = {
            video: (status, reason) for video, status, reason in zip(*ledger.values(), strict=True)
        }
        table_files(timelines, "embeddings")  # refuses a run without any
        self._embeddings = table_paths(timelines)["embeddings"]
        self._frames = _columns(
            timelines,
            "frames",
            ["video", "track_id", "tick", "time_s", *_PLACES, *_PROBABILITIES],
        )
        # Rows are sorted by video.
        videos, first = np.unique(self._frames["video"], return_index=True)
        ends = [*first[1:], len(self._frames["video"])]
        self._rows = {video: slice(*rows) for video, *rows in zip(videos, first, ends, strict=True)}

    def faces(self, video: str) -> Faces:
        """All faces of the video with this key; there may be none."""
        rows = self._rows.get(video, slice(0))
        frames = {name: values[rows] for name, values in self._frames.items()}
        vectors = np.zeros((0, EMBEDDING_SIZE), np.float32)
        if len(frames["tick"]):
            path = self._embeddings / f"{safe_name(video)}.parquet"
            column = read_table(path, ["vector"])["vector"].combine_chunks()
            vectors = column.flatten().to_numpy().astype(np.float32).reshape(-1, EMBEDDING_SIZE)
        x, y, width, height = (frames[name].astype(np.float64) for name in _PLACES)
        probabilities = np.stack([frames[name] for name in _PROBABILITIES], axis=1)
        return Faces(
            track=frames["track_id"],
            tick=frames["tick"],
            time_s=frames["time_s"],
            centre=np.stack([x + width / 2, y + height / 2], axis=1),
            area=width * height,
            embeddings=vectors,
            probabilities=probabilities,
        ).where(np.isfinite(vectors).all(1) & np.isfinite(probabilities).all(1))


def _columns(timelines: Path, table: str, names: list[str]) -> dict[str, NDArray[Any]]:
    (file,) = table_files(timelines, table)
    found = read_table(file, names)
    return {name: found[name].to_numpy() for name in names}
