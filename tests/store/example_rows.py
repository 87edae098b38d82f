"""Valid rows of each table, made from nothing but their numbers."""

import numpy as np
import pyarrow as pa

from streamfer.emotion.labels import EMOTIONS
from streamfer.store import schema


def _emotions(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    p = rng.dirichlet(np.ones(7), rows).astype(np.float32)
    columns = {f"p_{label}": p[:, i] for i, label in enumerate(EMOTIONS)}
    return columns | {"emotion": np.array(EMOTIONS, dtype=object)[p.argmax(axis=1)]}


def _faces(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    place = {f"face_{side}": rng.uniform(0.1, 0.4, rows) for side in "xywh"}
    return _emotions(rng, rows) | place


def _videos(number: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "video": np.array([f"{video:06}.mp4" for video in number], dtype=object),
        "video_id": np.array(["d0" * 32] * len(number), dtype=object),
    }


def make_timelines(rows: int, seed: int = 0) -> pa.Table:
    """Videos of three tracks of five windows each, until there are `rows` rows."""
    rng = np.random.default_rng(seed)
    n = np.arange(rows)
    window = 2 + n % 5
    columns = _faces(rng, rows)
    expected = rng.integers(1, 11, rows)
    columns |= _videos(n // 15) | {
        "track_id": n // 5 % 3,
        "window": window,
        "window_start_s": window * 1.0,
        "window_end_s": window * 1.0 + 2,
        "faces": rng.integers(1, expected + 1),
        "expected": expected,
        "detection_score": rng.uniform(0.5, 1, rows),
    }
    return _table(schema.TABLES["timelines"].arrow, columns)


def make_frames(rows: int) -> pa.Table:
    """Videos of 150 ticks with two faces each, until there are `rows` rows."""
    n = np.arange(rows)
    columns = _faces(np.random.default_rng(0), rows)
    columns |= {
        name: np.full(rows, 0.5)
        for name in schema.TABLES["frames"].arrow.names
        if name not in columns
    }
    columns |= _videos(n // 300) | {
        "track_id": n % 2,
        "tick": n // 2 % 150,
        "time_s": n // 2 % 150 / 5,
    }
    return _table(schema.TABLES["frames"].arrow, columns)


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
        "audio": np.where(done, "aac, 48000 Hz, 2 channels, stream 1 of 1", "").astype(object),
    }
    return _table(schema.TABLES["videos"].arrow, columns)


def make_embeddings(rows: int) -> pa.Table:
    """One video's face of `rows` ticks."""
    vectors = np.random.default_rng(0).normal(size=rows * 512).astype(np.float16)
    columns = _videos(np.zeros(rows, int)) | {
        "track_id": np.zeros(rows, int),
        "tick": np.arange(rows),
    }
    table = _table(pa.schema(list(schema.TABLES["embeddings"].arrow)[:4]), columns)
    vector = pa.FixedSizeListArray.from_arrays(pa.array(vectors), 512)
    return table.append_column("vector", vector).cast(schema.TABLES["embeddings"].arrow)


def make_episodes(rows: int) -> pa.Table:
    """Videos of two tracks of three episodes each, until there are `rows` rows."""
    n = np.arange(rows)
    start = n % 3 * 4.0
    columns = _videos(n // 6) | {
        "track_id": n // 3 % 2,
        "episode": n % 3,
        "emotion": np.array(EMOTIONS, dtype=object)[n % 7],
        "start_s": start,
        "end_s": start + 4,
        "peak_s": start + 1,
        "peak_probability": np.full(rows, 0.9),
        "mean_probability": np.full(rows, 0.6),
        "windows": np.full(rows, 4),
        "coverage": np.full(rows, 0.75),
    }
    return _table(schema.TABLES["episodes"].arrow, columns)


def make_tracks(rows: int) -> pa.Table:
    """Videos of two tracks each, until there are `rows` rows."""
    n = np.arange(rows)
    columns = _videos(n // 2) | _emotions(np.random.default_rng(0), rows)
    columns |= {
        "track_id": n % 2,
        "first_s": n % 2 * 0.8,
        "last_s": n % 2 * 0.8 + 11.8,
        "faces": np.full(rows, 60),
    }
    return _table(schema.TABLES["tracks"].arrow, columns)


def make_audio(rows: int) -> pa.Table:
    """Videos of ten windows each, of which every third is silent, until there are `rows` rows."""
    n = np.arange(rows)
    heard = n % 3 != 2
    columns = _videos(n // 10) | {
        "window": n % 10,
        "window_start_s": n % 10 * 1.0,
        "window_end_s": n % 10 * 1.0 + 2,
        "sound_s": np.where(heard, 1.9, 0.0),
        "loudness_dbfs": np.where(heard, -23.0, np.nan),
        "speech": np.where(heard, 0.4, np.nan),
        "mel": [np.arange(128 * loud, dtype=np.float16) for loud in heard],
    }
    return _table(schema.TABLES["audio"].arrow, columns)


def _table(columns: pa.Schema, values: dict[str, np.ndarray]) -> pa.Table:
    return pa.table({name: values[name] for name in columns.names}).cast(columns)


MAKERS = {
    "audio.v1": make_audio,
    "episodes.v1": make_episodes,
    "tracks.v1": make_tracks,
    "timelines.v1": make_timelines,
    "videos.v1": make_videos,
    "frames.v1": make_frames,
    "embeddings.v1": make_embeddings,
}
