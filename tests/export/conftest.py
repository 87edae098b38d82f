"""A run of videos with awkward names, tracks that come and go, and hours that are long."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.store.output import OutputTables
from tests.store.example_rows import (
    make_audio,
    make_episodes,
    make_frames,
    make_timelines,
    make_tracks,
    make_videos,
)

NAMES = sorted(
    [
        "plain.mp4",
        "day 1/interview.mp4",
        "day 2/interview.mp4",
        "=HYPERLINK(A1).mp4",
        "@SUM(1).mp4",
        '<script>alert("&")</script>.mp4',
        "فيلم قصير.mp4",
        "two\nlines --> \x1b[2J\x01.mp4",
        "s3://bucket/a b.mp4",
        "../../etc/passwd",
        ".hidden",
        "x" * 300,
    ]
)
EMPTY, FAILED = "nobody.mp4", "torn.mp4"


def of(video: str, rows: pa.Table, **columns: Any) -> pa.Table:
    """The rows, of this video and with these columns instead of theirs."""
    for name, values in {"video": [video] * len(rows), **columns}.items():
        field = rows.schema.field(name)
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, field, pa.array(values, field.type))
    return rows


def some_episodes(video: str, rng: np.random.Generator) -> pa.Table:
    """Tracks of ten episodes, some of which touch, at times that are no whole milliseconds."""
    tracks, count = 3, 10
    steps = rng.uniform(0.01, 400, (tracks, 2 * count))
    steps[:, 2::4] = 0  # every other episode begins where the one before ended
    steps[:, 4] = 0.0021  # or hardly later
    times = steps.cumsum(axis=1).reshape(-1, 2)
    n = np.arange(tracks * count)
    return of(
        video,
        make_episodes(len(n)),
        track_id=n // count,
        episode=n % count,
        emotion=rng.choice(EMOTIONS, len(n)),
        start_s=times[:, 0],
        end_s=times[:, 1],
    )


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "timelines.parquet"
    rng = np.random.default_rng(7)
    kinds = ("timelines", "videos", "episodes", "tracks", "audio", "frames")
    with OutputTables(out, {}, kinds) as tables:
        for number, name in enumerate(sorted([*NAMES, EMPTY, FAILED])):
            ledger = of(name, make_videos(3).slice(2 if name == FAILED else 0, 1))
            if name in {EMPTY, FAILED}:
                tables.write(name, {"videos": [ledger]})
                continue
            found = {
                "videos": of(name, ledger, width=[640 + number], duration_s=[4321.0987654]),
                "timelines": of(name, make_timelines(15, seed=number)),
                "episodes": some_episodes(name, rng),
                "tracks": of(name, make_tracks(3)),
                "audio": of(name, make_audio(4)),
                "frames": of(
                    name,
                    make_frames(40),
                    time_s=np.repeat(np.arange(20) / 5 + rng.uniform(-0.1, 0.1, 20), 2),
                    nose_x=rng.uniform(0, 1, 40),
                    nose_y=rng.uniform(0, 1, 40),
                ),
            }
            tables.write(name, {table: [rows] for table, rows in found.items()})
    return out
