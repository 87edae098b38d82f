"""Every kind of defect is found at its row, and a sound table has none."""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.store import schema
from streamfer.store.output import OutputTables, table_paths
from streamfer.store.validate import validate
from tests.store.example_rows import (
    MAKERS,
    make_audio,
    make_embeddings,
    make_episodes,
    make_frames,
    make_timelines,
    make_tracks,
    make_videos,
)


def problems_of(table: pa.Table) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        pq.write_table(table, path, row_group_size=1000)
        return validate(path)


def put(table: pa.Table, row: int, **values: Any) -> pa.Table:
    """The table with other values in one row."""
    for name, value in values.items():
        column = table[name].to_pylist()
        column[row] = value
        field = pa.field(name, table.schema.field(name).type)  # nullable: the value may be None
        table = table.set_column(
            table.column_names.index(name), field, pa.array(column, field.type)
        )
    return table


def repeated(table: pa.Table, row: int) -> pa.Table:
    return pa.concat_tables([table.slice(0, row), table.slice(row - 1)])


def swapped(table: pa.Table, row: int) -> pa.Table:
    order = list(range(table.num_rows))
    order[row - 1], order[row] = row, row - 1
    return table.take(order)


Plant = Callable[[pa.Table, int], pa.Table]


def planted(**values: Any) -> Plant:
    return lambda table, row: put(table, row, **values)


def least_probable(table: pa.Table, row: int) -> pa.Table:
    values = {name: table[name][row].as_py() for name in table.column_names}
    worst = min((name for name in values if name.startswith("p_")), key=values.__getitem__)
    return put(table, row, emotion=worst.removeprefix("p_"))


TIMELINES: dict[str, tuple[Plant, str]] = {
    "null": (planted(p_fear=None), "p_fear is null; expected a value"),
    "null text": (planted(video_id=None), "video_id is null; expected a value"),
    "above": (planted(p_fear=1.5), "p_fear is 1.5; expected a number from 0 to 1"),
    "below": (planted(track_id=-1), "track_id is -1; expected a number from 0 to inf"),
    "nan": (planted(detection_score=float("nan")), "detection_score is nan; expected a number"),
    "infinite": (
        planted(window_start_s=float("inf")),
        "window_start_s is inf; expected a number",
    ),
    "class": (planted(emotion="joy"), "emotion is joy; expected one of neutral, happiness"),
    "not the most probable": (least_probable, "emotion is"),
    "sum": (planted(p_anger=0.0, p_fear=0.0, p_sadness=0.0), "the probabilities sum to"),
    "order": (swapped, "expected rows sorted by video, track_id, window"),
    "duplicate": (repeated, "occurs twice; expected each video, track_id, window once"),
    "faces": (planted(faces=11), "faces is 11; expected at most"),
    "left of it": (planted(face_x=-0.5), "lies outside the picture"),
    "right of it": (planted(face_x=1.0), "lies outside the picture"),
    "above it": (planted(face_y=-0.5), "lies outside the picture"),
    "below it": (planted(face_y=1.0), "lies outside the picture"),
    "far outside": (planted(face_y=7.0), "face_y is 7.0; expected a number from -1 to 1"),
    "no size": (planted(face_w=0.0), "face_w is 0.0; expected a number from 0.0001 to 2"),
    "backwards": (planted(window_end_s=1.0), "s long; expected more than 0"),
    "longer": (planted(window_end_s=11.0), "s long; expected more than 0"),
    "late": (planted(window_start_s=2.1, window_end_s=4.1), "expected the stride"),
}


def first_row(problem: str) -> int:
    return int(problem.removeprefix("Row ").split(":")[0])


@pytest.mark.parametrize("kind", TIMELINES)
@given(rows=st.integers(2, 60), seed=st.integers(0, 1000), data=st.data())
def test_a_planted_defect_is_found(kind: str, rows: int, seed: int, data: st.DataObject):
    plant, words = TIMELINES[kind]
    row = data.draw(st.integers(1, rows - 1))
    problems = problems_of(plant(make_timelines(rows, seed), row))
    assert any(words in problem and first_row(problem) == row for problem in problems), problems
    # The row after may no longer fit it; no other row is blamed.
    assert {first_row(problem) for problem in problems} <= {row, row + 1}


@pytest.mark.parametrize("label", MAKERS)
@given(rows=st.integers(0, 70))
def test_a_sound_table_has_no_problems(label: str, rows: int):
    assert problems_of(MAKERS[label](rows)) == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (put(make_videos(9), 5, status="lost"), "Row 5: status is lost; expected one of done"),
        (put(make_videos(9), 4, reason="?"), "Row 4: status is done and reason is '?'"),
        (put(make_videos(9), 5, reason=""), "Row 5: status is failed and reason is ''"),
        (put(make_videos(9), 3, attempts=-1), "Row 3: attempts is -1; expected a number from 0"),
        (put(make_videos(9), 3, fps=-1.0), "Row 3: fps is -1.0; expected .* or NaN"),
        (put(make_videos(9), 3, video="000002.mp4"), "Row 3: .* occurs twice"),
        (put(make_frames(9), 3, nose_x=9.0), "Row 3: nose_x is 9.0; expected a number from -1"),
        (put(make_frames(9), 3, p_anger=0.999), "Row 3: the probabilities sum to"),
        (put(make_frames(9), 3, track_id=0), "Row 3: .* occurs twice"),
        (
            put(make_embeddings(5), 3, vector=[0.0] * 511 + [float("nan")]),
            "Row 3: vector is nan; expected a number",
        ),
        (put(make_audio(9), 3, sound_s=2.5), "Row 3: sound_s is 2.5; expected at most 2, the win"),
        (put(make_audio(9), 4, speech=float("nan")), "Row 4: sound_s is 1.9 and speech is nan"),
        (put(make_audio(9), 5, loudness_dbfs=-50.0), "Row 5: sound_s is 0 and loudness_dbfs is -5"),
        (put(make_audio(9), 4, loudness_dbfs=-121.0), "Row 4: loudness_dbfs is -121.0; expected a"),
        (put(make_audio(9), 3, mel=[0.0] * 64), "Row 3: mel holds 64 numbers; expected 0 or 128"),
        (
            put(make_audio(9), 3, mel=[0.0] * 100 + [float("inf")] * 28),
            "Row 3: mel is inf; expected a number",
        ),
        (put(make_audio(9), 3, window_start_s=3.5, window_end_s=5.5), "Row 3: window 3 starts at"),
        (put(make_episodes(9), 4, peak_s=9.0), "Row 4: the peak, at 9 s, lies outside the episode"),
        (put(make_episodes(9), 4, start_s=4.5, end_s=4.4), "Row 4: the peak, at 5 s, lies outside"),
        (put(make_episodes(9), 4, mean_probability=0.95), "Row 4: mean_probability is 0.95; expec"),
        (put(make_episodes(9), 5, episode=7), "Row 5: episode is 7; expected 2, the next of its"),
        (put(make_episodes(7), 6, episode=1), "Row 6: episode is 1; expected 0, the next of its"),
        (put(make_episodes(9), 4, start_s=3.5), "Row 4: it starts at 3.5 s; expected 4 s or later"),
        (put(make_episodes(9), 4, emotion="surprise"), "Row 4: emotion is surprise, as in the epi"),
        (put(make_tracks(9), 4, faces=0), "Row 4: faces is 0; expected a number from 1 to inf"),
        (put(make_tracks(9), 5, last_s=0.6), "Row 5: last_s is 0.6; expected 0.8, which is first"),
        (least_probable(make_tracks(9), 5), "Row 5: emotion is .*; expected .*, the most probable"),
    ],
)
def test_defects_of_the_other_tables(table: pa.Table, words: str):
    (problem,) = problems_of(table)
    assert re.match(words, problem)


def test_defects_of_one_kind_are_counted_across_batches():
    table = make_timelines(50_000)
    assert problems_of(table) == []
    assert problems_of(repeated(table, 16_384)) == [
        "Row 16384: (001092.mp4, 0, 5) occurs twice; expected each video, track_id, window once."
    ]
    expected = pa.array([5] * 16_000 + [0] * 34_000, pa.int16())
    table = table.set_column(table.column_names.index("faces"), "faces", expected)
    table = table.set_column(table.column_names.index("expected"), "expected", expected)
    assert problems_of(table) == [
        "Row 16000: faces is 0; expected a number from 1 to inf. (34000 rows in all)",
        "Row 16000: expected is 0; expected a number from 1 to inf. (34000 rows in all)",
    ]


def test_wrong_columns_are_named():
    table = make_timelines(3)
    assert problems_of(table.drop_columns(["faces"])) == ["Column faces (int16) occurs 0 times."]
    assert problems_of(table.append_column("faces", table["faces"])) == [
        "Column faces (int16) occurs 2 times."
    ]
    assert problems_of(table.append_column("name", pa.array(["a"] * 3))) == [
        "Column name is not part of timelines.v1."
    ]
    wide = table["faces"].cast(pa.int64())
    assert problems_of(table.set_column(table.column_names.index("faces"), "faces", wide)) == [
        "Column faces is int64; expected int16."
    ]


def test_a_table_another_program_wrote_is_known_by_its_columns():
    table = make_timelines(6).replace_schema_metadata(None)
    assert problems_of(table) == []
    assert "p_fear is 2.0" in problems_of(put(table, 3, p_fear=2.0))[0]
    (problem,) = problems_of(pa.table({"a": [1]}))
    assert "neither streamfer.schema in its metadata nor all columns of" in problem


def test_an_unknown_version_is_said():
    table = make_timelines(3).replace_schema_metadata({schema.SCHEMA_KEY: "timelines.v9"})
    (problem,) = problems_of(table)
    assert "timelines.v9 is unknown to this version" in problem


def test_files_that_are_not_parquet(tmp_path: Path):
    (tmp_path / "notes.parquet").write_text("my notes")
    (tmp_path / "empty.parquet").touch()
    for name in ("notes.parquet", "empty.parquet", "absent.parquet"):
        (problem,) = validate(tmp_path / name)
        assert f"{name} cannot be read as Parquet" in problem


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_an_altered_page_is_found(place: float, bit: int):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "timelines.parquet"
        write(out)
        chunk = pq.read_metadata(out).row_group(0).column(7)
        data = bytearray(out.read_bytes())
        end = chunk.data_page_offset + chunk.total_compressed_size
        data[end - 1 - int(place * 100)] ^= 1 << bit
        out.write_bytes(data)
        (problem,) = validate(out)
        assert "cannot be read as Parquet" in problem


def write(out: Path) -> None:
    with OutputTables(out, {}, schema.TABLES) as tables:
        made = {name: [MAKERS[f"{name}.v1"](50)] for name in schema.TABLES}
        tables.write("000000.mp4", made)


@pytest.mark.parametrize("name", sorted(schema.TABLES.keys() - {"timelines"}))
def test_tables_of_two_runs_side_by_side_are_said(tmp_path: Path, name: str):
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    write(old)
    write(new)
    assert validate(new) == []
    stale = table_paths(new)[name]
    if stale.is_dir():
        shutil.rmtree(stale)
    table_paths(old)[name].rename(stale)
    (problem,) = validate(new)
    assert str(stale) in problem
    assert "interrupted" in problem


def test_a_broken_file_in_a_folder_of_embeddings_is_named(tmp_path: Path):
    write(tmp_path / "x.parquet")
    folder = table_paths(tmp_path / "x.parquet")["embeddings"]
    pq.write_table(put(make_embeddings(5), 2, tick=-1), folder / "b.parquet")
    problems = validate(folder)
    assert problems
    assert all(problem.startswith("b.parquet: Row 2: ") for problem in problems)
