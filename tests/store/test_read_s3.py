"""Runs in a store of objects are read, queried and exported where they lie."""

from pathlib import Path

import pytest

from streamfer.export.export import Format, export
from streamfer.places import place
from streamfer.store.query import query
from streamfer.store.read import read
from tests.store.example_run import make_run


@pytest.fixture
def local(tmp_path: Path) -> Path:
    return make_run(tmp_path / "timelines.parquet", ["timelines", "videos", "frames", "episodes"])


@pytest.fixture
def uris(bucket, local: Path) -> list[str]:
    """The same run in two places of a bucket."""
    for name in ("friday", "monday"):
        for file in local.parent.glob("*.parquet"):
            bucket.put(f"{name}/{file.name}", file.read_bytes())
    return [bucket.put(f"{n}/timelines.parquet", local.read_bytes()) for n in ("friday", "monday")]


def test_a_run_in_a_bucket_is_read_as_one_on_the_disk(local, uris):
    assert read(uris[0], "frames").equals(read(local, "frames"))
    glob = uris[0].replace("friday", "*")
    assert read(glob, "frames")["run"].to_pylist() == [uri for uri in uris for _ in range(6)]


def test_it_is_queried_there(local, uris):
    joined = "SELECT run, count(*) AS n FROM frames JOIN videos USING (run, video) GROUP BY run"
    with query(f"{joined} ORDER BY run", [*uris, local]) as answer:
        assert answer.read_all().to_pylist() == [
            {"run": run, "n": 6} for run in sorted([*uris, str(local)])
        ]


def test_it_is_exported_from_there(local, uris, tmp_path):
    names = list(export(place(uris[0]), Format.VTT, tmp_path / "a"))
    assert names == list(export(local, Format.VTT, tmp_path / "b")) != []
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
