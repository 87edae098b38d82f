"""Valid rows of each table, made from nothing but their numbers."""

import numpy as np
import pyarrow as pa

from streamfer.emotion.labels import EMOTIONS
from streamfer.store import schema


def _faces(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    p = rng.dirichlet(np.ones(7), rows).astype(np.float32)
    place = {f"face_{side}": rng.uniform(0.1, 0.4, rows) for side in "xywh"}
    return {f"p_{label}": p[:, i] for i, label in enumerate(EMOTIONS)} | place


def make_timelines(rows: int, seed: int = 0) -> pa.Table:
    """Videos of three tracks of five windows each, until there are `rows` rows."""
    rng = np.random.default_rng(seed)
    n = np.arange(rows)
    window = 2 + n % 5
    columns = _faces(rng, rows)
    best = np.stack([columns[f"p_{label}"] for label in EMOTIONS], axis=1).argmax(axis=1)
    expected = rng.integers(1, 11, rows)
    columns |= {
        "video": np.array([f"{video:06}.mp4" for video in n // 15], dtype=object),
        "video_id": np.array(["d0" * 32] * rows, dtype=object),
        "track_id": n // 5 % 3,
        "window": window,
        "window_start_s": window * 1.0,
        "window_end_s": window * 1.0 + 2,
        "emotion": np.array(EMOTIONS, dtype=object)[best],
        "faces": rng.integers(1, expected + 1),
        "expected": expected,
        "detection_score": rng.uniform(0.5, 1, rows),
    }
    return _table(schema.TIMELINES, columns)


def make_frames(rows: int) -> pa.Table:
    """Videos of 150 ticks with two faces each, until there are `rows` rows."""
    n = np.arange(rows)
    columns = _faces(np.random.default_rng(0), rows)
    columns |= {name: np.full(rows, 0.5) for name in schema.FRAMES.names if name not in columns}
    columns |= {
        "video": np.array([f"{video:06}.mp4" for video in n // 300], dtype=object),
        "video_id": np.array(["d0" * 32] * rows, dtype=object),
        "track_id": n % 2,
        "tick": n // 2 % 150,
        "time_s": n // 2 % 150 / 5,
    }
    return _table(schema.FRAMES, columns)


def make_videos(rows: int) -> pa.Table:
    """A ledger in which every third video failed before it could be probed."""
    done = np.arange(rows) % 3 != 2
    columns = {
        "video": np.array([f"{video:06}.mp4" for video in range(rows)], dtype=object),
        "video_id": np.where(done, "d0" * 32, "").astype(object),
        "status": np.where(done, "done", "failed").astype(object),
        "reason": np.where(done, "", "The file is empty.").astype(object),
        "decoded_until_s": np.where(done, 30.0, np.nan),
        "attempts": np.ones(rows),
        "duration_s": np.where(done, 30.0, np.nan),
        "start_offset_s": np.where(done, -0.08, np.nan),
        "size_bytes": np.where(done, 5_000_000_000, 0),
        "width": np.where(done, 640, 0),
        "height": np.where(done, 360, 0),
        "fps": np.where(done, 29.97, np.nan),
        "sampled_frames": np.where(done, 150, 0),
        "tracks": np.where(done, 3, 0),
    }
    return _table(schema.VIDEOS, columns)


def make_embeddings(rows: int) -> pa.Table:
    """One video's face of `rows` ticks."""
    vectors = np.random.default_rng(0).normal(size=rows * 512).astype(np.float16)
    columns = {
        "video": np.array(["000000.mp4"] * rows, dtype=object),
        "video_id": np.array(["d0" * 32] * rows, dtype=object),
        "track_id": np.zeros(rows, int),
        "tick": np.arange(rows),
    }
    table = _table(pa.schema(list(schema.EMBEDDINGS)[:4]), columns)
    vector = pa.FixedSizeListArray.from_arrays(pa.array(vectors), 512)
    return table.append_column("vector", vector).cast(schema.EMBEDDINGS)


def _table(columns: pa.Schema, values: dict[str, np.ndarray]) -> pa.Table:
    return pa.table({name: values[name] for name in columns.names}).cast(columns)


MAKERS = {
    "timelines.v1": make_timelines,
    "videos.v1": make_videos,
    "frames.v1": make_frames,
    "embeddings.v1": make_embeddings,
}
