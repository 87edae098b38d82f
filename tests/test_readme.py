"""The README's queries run, on what a run writes, and answer what they say they answer."""

import itertools
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import streamfer
from streamfer.store.output import OutputTables
from tests.conftest import Demo

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SQL, *PYTHON = re.findall(
    r"```(?:sql|python)\n(.*?)```", README.split("## Ask it questions")[1], re.DOTALL
)


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    with OutputTables(folder / "timelines.parquet", {}, frames=False, embeddings=False) as tables:
        tables.write_timelines(streamfer.analyse(demo.path))
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
    assert len(found) == rows["track_id"].nunique()
    for track, group in rows.groupby("track_id"):
        best = group.loc[group["p_happiness"].idxmax()]
        assert found.loc["demo.mp4", track]["at_s"] == best["window_start_s"]


def test_share_of_time_per_emotion_and_video(rows: pd.DataFrame):
    found = answer(PYTHON[0]).to_pandas().set_index("emotion")["share"]
    assert found.sum() == pytest.approx(1)
    assert found.to_dict() == pytest.approx((rows["emotion"].value_counts() / len(rows)).to_dict())


def test_where_did_the_mood_change(rows: pd.DataFrame):
    found = answer(PYTHON[1])
    expected = 0
    for _, group in rows.groupby("track_id"):
        moods = group["emotion"].tolist()
        expected += sum(a != b for a, b in itertools.pairwise(moods))
    assert len(found) == expected > 0
    assert (found["emotion"] != found["before"]).all()
