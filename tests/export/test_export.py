"""Where an export's files go, and what it does with tables that are not as they should be."""

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from upath import UPath

from streamfer.errors import UsageError
from streamfer.export.export import Format, export
from streamfer.store.output import OutputTables
from tests.export.conftest import NAMES, of
from tests.store.example_rows import make_frames, make_timelines, make_videos
from tests.store.example_run import make_run


def test_files_stay_in_the_folder_whatever_the_videos_are_called(run, tmp_path):
    out = tmp_path / "a" / "b" / "out"
    for form in Format:
        names = list(export(run, form, out / form))
        assert sorted(path.name for path in (out / form).iterdir()) == sorted(names)
        assert len(set(names)) == (6 if form in {Format.CSV, Format.JSONL} else len(NAMES) + 1)
        assert all(name.isascii() and name.isprintable() and len(name) < 255 for name in names)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_second_export_replaces_the_first(run, tmp_path):
    first = list(export(run, Format.VTT, tmp_path))
    before = {name: (tmp_path / name).read_bytes() for name in first}
    (tmp_path / first[0]).write_text("something else")
    (tmp_path / "notes.txt").write_text("mine")
    assert list(export(run, Format.VTT, tmp_path)) == first
    assert {name: (tmp_path / name).read_bytes() for name in first} == before
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_may_be_a_uri(run, tmp_path):
    out = UPath("memory://exported")
    for form in (Format.VTT, Format.CSV):
        for name in export(run, form, out):
            list(export(run, form, tmp_path))
            assert (out / name).read_bytes() == (tmp_path / name).read_bytes()
    fsspec.filesystem("memory").rm("/exported", recursive=True)


def test_a_run_without_rows_has_files_without_rows(tmp_path):
    run = make_run(tmp_path / "timelines.parquet", rows=0)
    assert list(export(run, Format.VTT, tmp_path / "vtt")) == []
    for name in export(run, Format.CSV, tmp_path / "csv"):
        assert len((tmp_path / "csv" / name).read_text().splitlines()) == 1


def test_rows_that_are_not_in_the_ledgers_order_are_not_passed_over(tmp_path):
    run = make_run(tmp_path / "timelines.parquet", rows=36)
    episodes = tmp_path / "timelines.episodes.parquet"
    table = pq.read_table(episodes)
    pq.write_table(table.sort_by([("video", "descending")]), episodes)
    with pytest.raises(UsageError, match=r"is not sorted as the ledger is, from 000004\.mp4 on"):
        list(export(run, Format.VTT, tmp_path / "out"))


def test_rows_of_one_video_may_span_batches(tmp_path):
    out = tmp_path / "timelines.parquet"
    frames = of("long.mp4", make_frames(50_000), tick=np.arange(50_000))
    rows = {
        "timelines": of("long.mp4", make_timelines(1)),
        "videos": pa.concat_tables([of("long.mp4", make_videos(1)), of("m.mp4", make_videos(1))]),
        "frames": pa.concat_tables([frames, of("m.mp4", make_frames(7))]),
    }
    with OutputTables(out, {}, rows) as tables:
        tables.write("long.mp4", {name: [table] for name, table in rows.items()})
    assert list(export(out, Format.OPENFACE, tmp_path)) == ["long.mp4.csv", "m.mp4.csv"]
    found = pd.read_csv(tmp_path / "long.mp4.csv")
    assert found["frame"].tolist() == list(range(1, 50_001))
    assert len(pd.read_csv(tmp_path / "m.mp4.csv")) == 7
