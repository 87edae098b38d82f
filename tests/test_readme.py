"""The README's queries run, on what a run writes, and answer what they say they answer."""

import dataclasses
import itertools
import re
from math import nan
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamfer
from streamfer.media.limits import Limits
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.plan import plan_video
from streamfer.pipeline.segment import analyse_segment
from streamfer.store.output import OutputTables
from streamfer.store.segment_file import AUDIO
from tests.conftest import Demo

COLUMNS = [f"p_{emotion}" for emotion in streamfer.EMOTIONS]
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUESTIONS = README.split("## Ask it questions")[1]
SQL, PYTHON = (
    re.findall(rf"```{kind}\n(.*?)```", QUESTIONS, re.DOTALL) for kind in ("sql", "python")
)


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    analysis = streamfer.Analysis()
    models = LocalModels.load(analysis, "cpu")
    plain = plan_video("demo.mp4", str(demo.path), analysis, models.context_s, Limits())
    result = dataclasses.replace(analyse_segment(plain.segments[0], analysis, models), audio=loud())
    # The demo's people are photographs, whose mood never changes; in a second video it does.
    swing = dataclasses.replace(result, windows=swinging(result.windows))
    with OutputTables(
        folder / "timelines.parquet", {}, ["timelines", "episodes", "audio"]
    ) as tables:
        for key, found in (("demo.mp4", result), ("swing.mp4", swing)):
            video = dataclasses.replace(plain, key=key)
            tables.write(key, assemble(video, lambda _, found=found: found, analysis, attempts=1))
    return folder


def loud() -> pa.Table:
    """Sound that grows louder for ten windows; after that there is none."""
    rows = [
        {"window": w, "sound_s": 2.0, "loudness_dbfs": w - 30.0, "speech": w / 10, "mel": []}
        if w < 10
        else {"window": w, "sound_s": 0.0, "loudness_dbfs": nan, "speech": nan, "mel": []}
        for w in range(30)
    ]
    return pa.Table.from_pylist(rows, AUDIO)


def swinging(windows: pa.Table) -> pa.Table:
    """The windows with other emotions for five seconds of every ten."""
    rows = windows.to_pandas()
    late = rows["window"] % 10 >= 5
    rows.loc[late, COLUMNS] = np.roll(rows.loc[late, COLUMNS], 1, axis=1)
    return pa.Table.from_pandas(rows, windows.schema, preserve_index=False)


@pytest.fixture
def rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.chdir(folder)
    return pd.read_parquet("timelines.parquet")


def answer(code: str) -> object:
    names: dict[str, object] = {}
    exec(code, names)
    return names["answer"]


def test_when_was_each_person_happiest(rows: pd.DataFrame):
    found = duckdb.sql(SQL[0]).df().set_index(["video", "track_id"])
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


@pytest.fixture
def episodes(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.read_parquet("timelines.episodes.parquet")


def test_where_did_the_mood_change(episodes: pd.DataFrame):
    found = answer(PYTHON[1])
    expected = []
    for (video, track), group in episodes.groupby(["video", "track_id"]):
        for before, row in itertools.pairwise(group.itertuples()):
            if before.emotion != row.emotion:
                change = (row.start_s, before.emotion, row.emotion, row.peak_s)
                expected.append((video, track, *change))
    assert len(expected) > 8
    assert list(found.itertuples(index=False, name=None)) == expected
    assert {video for video, *_ in expected} == {"swing.mp4"}


def test_how_loud_was_it_in_each_episode(episodes: pd.DataFrame):
    found = duckdb.sql(SQL[1]).df()
    heard = episodes[episodes["start_s"] < 10]
    assert len(found) == len(heard) > 4
    for answered, episode in zip(found.itertuples(), heard.itertuples(), strict=True):
        assert (answered.video, answered.emotion) == (episode.video, episode.emotion)
        windows = [w for w in range(10) if episode.start_s <= w + 1 <= episode.end_s]
        assert answered.speech == pytest.approx(np.mean(windows) / 10)
        assert answered.peak == max(windows) - 30
