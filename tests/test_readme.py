"""The README's queries run, on what a run writes, and answer what they say they answer."""

import itertools
import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamfer
from streamfer.store.output import OutputTables
from tests.conftest import Demo

COLUMNS = [f"p_{emotion}" for emotion in streamfer.EMOTIONS]
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SQL, *PYTHON = re.findall(
    r"```(?:sql|python)\n(.*?)```", README.split("## Ask it questions")[1], re.DOTALL
)


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    table = streamfer.analyse(demo.path)
    # The demo's people are photographs, whose mood never changes; in a second video it does.
    swing = table.to_pandas().assign(video="swing.mp4")
    late = swing["window"] % 10 >= 5
    swing.loc[late, COLUMNS] = np.roll(swing.loc[late, COLUMNS], 1, axis=1)
    swing["emotion"] = swing[COLUMNS].idxmax(axis=1).str.removeprefix("p_")
    with OutputTables(folder / "timelines.parquet", {}, frames=False, embeddings=False) as tables:
        tables.write_timelines(table)
        tables.write_timelines(pa.Table.from_pandas(swing, table.schema, preserve_index=False))
    return folder


@pytest.fixture
def rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.chdir(folder)
    return pd.read_parquet("timelines.parquet")


def answer(code: str) -> object:
    names: dict[str, object] = {}
    exec(code, names)
    return names["answer"]


def test_when_was_each_person_happiest(rows: pd.DataFrame):
    found = duckdb.sql(SQL).df().set_index(["video", "track_id"])
    people = rows.groupby(["video", "track_id"])
    assert len(found) == people.ngroups
    for person, group in people:
        best = group.loc[group["p_happiness"].idxmax()]
        assert found.loc[person]["at_s"] == best["window_start_s"]


def test_share_of_time_per_emotion_and_video(rows: pd.DataFrame):
    found = answer(PYTHON[0]).to_pandas().set_index(["video", "emotion"])["share"]
    for video, group in rows.groupby("video"):
        shares = group["emotion"].value_counts() / len(group)
        assert found[video].to_dict() == pytest.approx(shares.to_dict())


def test_where_did_the_mood_change(rows: pd.DataFrame):
    found = answer(PYTHON[1])
    expected = []
    for (video, track), group in rows.groupby(["video", "track_id"]):
        for before, row in itertools.pairwise(group.itertuples()):
            if before.emotion != row.emotion:
                expected.append((video, track, row.window_start_s, before.emotion, row.emotion))
    assert len(expected) > 8
    assert list(found.itertuples(index=False, name=None)) == expected
