"""Runs that nobody made: tables with the rows that a test or a measurement needs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis
from streamfer.emotion.episodes import find_episodes
from streamfer.emotion.labels import EMOTIONS
from streamfer.places import Place
from streamfer.store import schema
from streamfer.store.output import OutputTables

TABLES = ("timelines", "videos", "tracks", "episodes")


@dataclass(frozen=True)
class Made:
    """A video of `seconds`; a track is (first window, windows), and the middle three are missing
    if there are more than twenty."""

    video: str
    seconds: float = 20.0
    tracks: tuple[tuple[int, int], ...] = ((0, 18),)
    status: str = "done"
    reason: str = ""
    video_id: str = "ab" * 32
    box: tuple[float, float, float, float] = (0.3, 0.3, 0.2, 0.2)


def write_run(out: Place, videos: Iterable[Made], names: Iterable[str] = TABLES) -> Place:
    """Tables of a run on these videos, valid as far as one table goes."""
    settings = {"streamfer.settings": json.dumps({"fps": 5, "window_s": 2.0, "stride_s": 1.0})}
    model = {"name": "centerface", "sha256": "c0" * 32, "runtime": "onnxruntime-cpu-fp32"}
    metadata = settings | {"streamfer.models": json.dumps({"detector": model})}
    rng = np.random.default_rng(0)
    with OutputTables(out, metadata, list(names)) as tables:
        for video in sorted(videos, key=lambda video: video.video):
            rows = [_track(rng, video, n, *track) for n, track in enumerate(video.tracks)]
            pieces = {name: [row[name] for row in rows] for name in TABLES if name != "videos"}
            tables.write(video.video, pieces | {"videos": [_ledger(video)]})
    return out


def _track(
    rng: np.random.Generator, video: Made, number: int, first: int, count: int
) -> dict[str, pa.Table]:
    window = first + np.arange(count)
    if count > 20:
        window = np.delete(window, range(count // 2 - 1, count // 2 + 2))
    p = rng.dirichlet(np.ones(7), len(window)) / 2
    mood = rng.integers(0, 7, count // 10 + 1)[(window - first) // 10]
    p[np.arange(len(window)), mood] += 0.5
    p = p.astype(np.float32)
    shares = {f"p_{emotion}": p[:, n] for n, emotion in enumerate(EMOTIONS)}
    of_track = {"video": video.video, "video_id": video.video_id, "track_id": number}
    seen = rng.integers(1, 11, len(window))
    timelines = shares | dict(zip(["face_x", "face_y", "face_w", "face_h"], video.box, strict=True))
    timelines |= {
        "window": window,
        "window_start_s": window * 1.0,
        "window_end_s": window + 2.0,
        "emotion": [EMOTIONS[n] for n in p.argmax(axis=1)],
        "faces": seen,
        "expected": 10,
        "detection_score": 0.8,
    }
    mean = p.mean(axis=0, keepdims=True)
    tracks = {f"p_{emotion}": mean[:, n] for n, emotion in enumerate(EMOTIONS)}
    tracks |= {
        "first_s": window[:1] + 0.4,
        "last_s": window[-1:] + 1.4,
        "faces": seen.sum(),
        "emotion": EMOTIONS[mean.argmax()],
    }
    found = find_episodes(window, p, Analysis())
    names = ("emotion", "start_s", "end_s", "peak_s", "peak_probability", "mean_probability")
    episodes = {name: [getattr(episode, name) for episode in found] for name in names}
    episodes |= {
        "episode": np.arange(len(found)),
        "windows": [episode.stop - episode.first for episode in found],
        "coverage": 0.5,
    }
    return {
        "timelines": _table("timelines", of_track | timelines, len(window)),
        "tracks": _table("tracks", of_track | tracks, 1),
        "episodes": _table("episodes", of_track | episodes, len(found)),
    }


def _ledger(video: Made) -> pa.Table:
    opened = video.status != "failed"
    row = {
        "video": video.video,
        "video_id": video.video_id if opened else "",
        "status": video.status,
        "reason": video.reason,
        "decoded_until_s": video.seconds if opened else np.nan,
        "attempts": 1,
        "duration_s": video.seconds if opened else np.nan,
        "start_offset_s": 0.0,
        "size_bytes": 1_000_000,
        "width": 1280,
        "height": 720,
        "fps": 25.0,
        "sampled_frames": int(video.seconds * 5),
        "tracks": len(video.tracks),
        "audio": "",
    }
    return _table("videos", row, 1)


def _table(name: str, columns: dict[str, object], rows: int) -> pa.Table:
    """A table of the contract's types; a value alone stands in every row."""
    contract = schema.TABLES[name].arrow
    whole = {key: value if np.ndim(value) else [value] * rows for key, value in columns.items()}
    return pa.table({key: whole[key] for key in contract.names}).cast(contract)
