"""A video's segments put together, where the header lies about its end and it has no sound."""

import dataclasses
import math
from pathlib import Path

import duckdb
import pytest

from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import Video, cut, plan_video
from streamfer.pipeline.segment import analyse_segment
from streamfer.store import schema
from streamfer.store.output import OutputTables, table_paths
from streamfer.store.segment_file import SegmentResult
from streamfer.store.validate import validate
from tests.cli.terminal import portrait

ANALYSIS = Analysis(segment_s=1, audio=True)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """Three seconds of picture under a header that says six; the last frame serves tick 15."""
    path = portrait(tmp_path_factory.mktemp("assemble") / "talk.mp4", 3)
    plain = plan_video("talk.mp4", str(path), ANALYSIS, 0.0, Limits())
    info = dataclasses.replace(plain.info, duration_s=6.0, end_s=6.0)
    return dataclasses.replace(plain, info=info, segments=cut(plain.folder, info, ANALYSIS, 0.0))


@pytest.fixture(scope="module")
def results(video: Video) -> list[SegmentResult]:
    models, speech = LocalModels.load(ANALYSIS, "cpu"), speech_detector(ANALYSIS)
    return [analyse_segment(part, ANALYSIS, models, speech=speech) for part in video.segments]


def test_sound_has_the_windows_that_begin_before_the_picture_ends(video, results):
    assert len(results) == 6
    rows = assemble(video, results.__getitem__, ANALYSIS, attempts=1)
    (audio,) = rows["audio"]
    assert audio["window"].to_pylist() == [0, 1, 2, 3]
    assert audio["window_start_s"].to_pylist() == [0.0, 1.0, 2.0, 3.0]
    assert audio["window_end_s"].to_pylist() == [2.0, 3.0, 4.0, 5.0]


def test_the_ledger_says_each_thing_about_the_sound_once(video, results):
    found = [*results[:2], dataclasses.replace(results[2], sound="aac, damaged"), *results[3:]]
    (ledger,) = assemble(video, found.__getitem__, ANALYSIS, attempts=1)["videos"]
    assert ledger["audio"].to_pylist() == ["none; aac, damaged"]


def test_a_missing_segment_costs_a_track_its_faces_alone(video, results):
    whole = assemble(video, results.__getitem__, ANALYSIS, attempts=1)
    rows = assemble(video, lambda n: None if n == 0 else results[n], ANALYSIS, attempts=1)
    (before,), (after,) = whole["tracks"], rows["tracks"]
    assert before.select(["first_s", "last_s", "faces"]).to_pylist() == [
        {"first_s": 0.0, "last_s": 3.0, "faces": 16}
    ]
    assert after.select(["first_s", "last_s", "faces"]).to_pylist() == [
        {"first_s": 1.0, "last_s": 3.0, "faces": 11}
    ]
    (audio,) = rows["audio"]
    assert audio["window"].to_pylist() == [1, 2, 3]


def test_a_video_of_which_nothing_is_known_has_empty_tables(video):
    rows = assemble(video, lambda _: None, ANALYSIS, attempts=3, loss="Its worker died.")
    tables = {name: list(pieces) for name, pieces in rows.items()}
    (ledger,) = tables.pop("videos")
    assert ledger["status"].to_pylist() == ["failed"]
    assert tables.keys() == schema.TABLES.keys() - {"videos"}
    for name, pieces in tables.items():
        for piece in pieces:
            assert piece.schema.equals(schema.TABLES[name].arrow)
            assert piece.num_rows == 0


def test_tables_are_joined_by_video_and_window(video, results, tmp_path: Path):
    """How loud it was while a face was in which episode, as an analyst would ask."""
    out = tmp_path / "timelines.parquet"
    with OutputTables(out, {}, schema.TABLES) as tables:
        tables.write(video.key, assemble(video, results.__getitem__, ANALYSIS, attempts=1))
    for path in table_paths(out).values():
        assert validate(path) == []
    joined = duckdb.sql(f"""
        SELECT "window", t.emotion, e.episode, e.emotion, a.sound_s, a.loudness_dbfs
        FROM '{out}' t
        JOIN '{table_paths(out)["audio"]}' a USING (video, "window")
        JOIN '{table_paths(out)["episodes"]}' e
          ON e.video = t.video AND e.track_id = t.track_id
         AND t.window_start_s < e.end_s AND t.window_end_s > e.start_s
        ORDER BY "window"
    """).fetchall()
    assert [(row[0], row[2], row[4]) for row in joined] == [(n, 0, 0.0) for n in range(4)]
    assert all(math.isnan(row[5]) for row in joined)


def test_an_episode_lasts_no_longer_than_its_face_is_seen(video, results):
    rows = assemble(video, results.__getitem__, ANALYSIS, attempts=1)
    (episodes,), (timelines,) = rows["episodes"], rows["timelines"]
    assert timelines["window_end_s"].to_pylist()[-1] == 5.0
    assert episodes.select(["start_s", "end_s"]).to_pylist() == [{"start_s": 0.0, "end_s": 3.2}]
