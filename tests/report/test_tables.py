"""What the report reads of a run, and what it says of tables that it cannot read."""

import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamfer.errors import UsageError
from streamfer.places import place
from streamfer.report.tables import read_run
from streamfer.report.write import write_report
from streamfer.store import schema
from streamfer.store.folders import kind
from streamfer.store.output import table_paths
from streamfer.store.validate import validate
from tests.report.runs import TABLES, Made, write_run

VIDEOS = [
    Made("b.mp4", 60, ((0, 30), (12, 5))),
    Made("a.mp4", 20, ((3, 9),), "partial", "It ends early."),
    Made("broken.mp4", 0, (), "failed", "The file is empty."),
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return write_run(tmp_path / "t.parquet", VIDEOS)


def rewrite(path: Path, table: pa.Table, **metadata: str) -> None:
    known = table.schema.metadata or {}
    changed = {key.encode(): value.encode() for key, value in metadata.items()}
    pq.write_table(table.replace_schema_metadata(known | changed), path)


def test_the_made_tables_are_like_those_of_a_run(out: Path):
    for name in TABLES:
        assert validate(out if name == "timelines" else out.with_name(f"t.{name}.parquet")) == []


def test_every_video_of_the_ledger_and_every_track_is_there(out: Path):
    run = read_run(out)
    assert list(run.videos) == ["a.mp4", "b.mp4", "broken.mp4"]
    assert [list(video.tracks) for video in run.videos.values()] == [[0], [0, 1], []]
    assert run.videos["broken.mp4"].ledger["reason"] == "The file is empty."
    assert run.warnings == []
    assert run.models["detector"]["name"] == "centerface"


def test_tracks_hold_their_rows_whatever_the_order_of_the_table(out: Path):
    rows = pd.read_parquet(out)
    shuffled = pq.read_table(out).take(np.random.default_rng(0).permutation(len(rows)))
    rewrite(out, shuffled)
    episodes = pd.read_parquet(out.with_name("t.episodes.parquet"))
    for (key, number), group in rows.groupby(["video", "track_id"]):
        track = read_run(out).videos[key].tracks[number]
        np.testing.assert_array_equal(track.window, group["window"])
        np.testing.assert_array_equal(track.probabilities, group.filter(regex="^p_"))
        np.testing.assert_allclose(track.coverage, group["faces"] / group["expected"])
        assert track.start_s == group["window"].iloc[0] + 0.4
        assert track.end_s == pytest.approx(group["window"].iloc[-1] + 1.6)
        mine = episodes[(episodes["video"] == key) & (episodes["track_id"] == number)]
        assert [episode.start_s for episode in track.episodes] == mine["start_s"].to_list()


def test_an_empty_run(tmp_path: Path):
    assert read_run(write_run(tmp_path / "t.parquet", [])).videos == {}


def test_timelines_alone_are_enough(out: Path):
    for name in ("videos", "tracks", "episodes"):
        out.with_name(f"t.{name}.parquet").unlink()
    run = read_run(out)
    assert list(run.videos) == ["a.mp4", "b.mp4"]
    assert [text.split(" beside")[0] for text in run.warnings] == [
        f"There is no t.{name}.parquet" for name in ("videos", "tracks", "episodes")
    ]
    track = run.videos["a.mp4"].tracks[0]
    assert (track.start_s, track.end_s, track.episodes) == (3, 13, [])


def test_a_table_of_another_run_is_left_out(out: Path, tmp_path: Path):
    other = write_run(tmp_path / "other" / "t.parquet", [Made("c.mp4")])
    other.with_name("t.episodes.parquet").replace(out.with_name("t.episodes.parquet"))
    run = read_run(out)
    assert run.warnings == [
        "t.episodes.parquet is of another run than the timelines. So episodes are not shown."
    ]
    assert not any(track.episodes for track in run.videos["b.mp4"].tracks.values())


def test_another_table_and_a_later_version_are_refused_by_name(out: Path):
    with pytest.raises(UsageError, match=r"holds the table videos; .* made from the timelines"):
        read_run(out.with_name("t.videos.parquet"))
    rewrite(out, pq.read_table(out), **{schema.SCHEMA_KEY: "timelines.v2"})
    with pytest.raises(UsageError, match=r"timelines\.v2, which a later version .* timelines\.v1"):
        read_run(out)


def test_a_column_that_is_missing_or_of_another_type_is_named(out: Path):
    rows = pq.read_table(out)
    rewrite(out, rows.drop_columns(["p_fear"]))
    with pytest.raises(UsageError, match="p_fear"):
        read_run(out)
    rewrite(out, rows.set_column(3, "window", pa.array(["x"] * len(rows))))
    with pytest.raises(UsageError, match=r"t\.parquet is not as timelines\.v1 says"):
        read_run(out)
    rewrite(out, rows.set_column(6, "emotion", pa.array(["glee"] * len(rows))))
    with pytest.raises(UsageError, match="emotion that timelines"):
        read_run(out)


def test_what_is_no_table_is_refused(out: Path, tmp_path: Path):
    (tmp_path / "x.parquet").write_bytes(b"not a table")
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        read_run(tmp_path / "x.parquet")
    with pytest.raises(UsageError, match=r"There is no .*nowhere\.parquet"):
        read_run(tmp_path / "nowhere.parquet")
    pq.write_table(pa.table({"a": [1]}), out)
    with pytest.raises(UsageError, match="was not written by streamfer"):
        read_run(out)


def test_a_run_of_a_store_of_objects():
    out = place(f"memory://{uuid.uuid4().hex}/t.parquet")
    for name, path in table_paths(write_run(out, VIDEOS)).items():
        assert kind(path) == ("file" if name in TABLES else None)
    assert list(read_run(out).videos) == ["a.mp4", "b.mp4", "broken.mp4"]
    page = out.with_name("report.html")
    assert write_report(read_run(out), out.name, page) == page.stat().st_size
