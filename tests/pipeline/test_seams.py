"""Whatever happens exactly at a seam, the rows are those of the video in one piece."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from streamfer.config import Analysis
from streamfer.demo import HEIGHT, WIDTH, Person, Prop, Scene, Stage
from streamfer.media.encode import VideoWriter
from streamfer.media.limits import Limits
from streamfer.pipeline import segment
from streamfer.pipeline.plan import plan_video
from tests.media.making import claim_length
from tests.tables import all_tables, assert_same_rows

# fmt: off
SCENES = (
    Scene(0, ("brick", (176, 130, 108)), (
        # The pillar hides her from 9.5 to 10.5 s.
        Person("astronaut", ((0, 592, 112, 0.6), (8.5, 590, 112, 0.6), (12, 380, 112, 0.6),
                             (20, 400, 114, 0.6))),
        Prop("gravel", (150, 148, 142), (470, 0, 530, 300)),
        Person("man in grey", ((0, 90, 128, 0.62), (20, 110, 130, 0.62))),
        Person("woman with cards", ((10, 250, 150, 0.6), (20, 255, 150, 0.6))),
    )),
    Scene(20, ("grass", (84, 112, 72)), (
        Person("man in grey", ((20, 545, 130, 0.64), (34, 540, 130, 0.66))),
        Person("man in red", ((20, 95, 212, 0.74), (29.95, 110, 206, 0.74))),
    )),
)
# fmt: on
LENGTH_S = 34
TABLES = ("timelines", "tracks", "episodes", "frames", "videos")


def make_video(path: Path, times: list[Fraction]) -> Path:
    """The scenes, with a picture at each of these seconds and a keyframe at least every second."""
    stages = [Stage(scene) for scene in SCENES]
    unit = Fraction(1, 1000)
    with VideoWriter(path, WIDTH, HEIGHT, unit, {"g": "10", "preset": "ultrafast"}) as video:
        for time in times:
            picture, _, _ = stages[time >= SCENES[1].start].show(float(time))
            video.put(picture, int(time / unit))
    return path


def segments(path: Path, segment_s: int) -> int:
    return len(plan_video("", str(path), Analysis(segment_s=segment_s), 0.0, Limits()).segments)


def tables(path: Path, segment_s: int) -> dict[str, pa.Table]:
    return all_tables(path, Analysis(segment_s=segment_s, frames=True))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    times = [Fraction(number, 10) for number in range(10 * LENGTH_S)]
    return make_video(tmp_path_factory.mktemp("seams") / "a.mkv", times)


@pytest.fixture(scope="module")
def whole(video: Path) -> dict[str, pa.Table]:
    return tables(video, 60)


def assert_as_whole(found: dict[str, pa.Table], whole: dict[str, pa.Table]) -> None:
    for name in TABLES:
        assert whole[name].num_rows
        assert_same_rows(found[name], whole[name])


def test_the_tracks_are_those_of_the_scenes(whole):
    presence = [(row["first_s"], row["last_s"]) for row in whole["tracks"].to_pylist()]
    # Two people are there from the beginning: hidden for a second at a seam, one is one track.
    assert presence == [(0.0, 19.8), (0.0, 19.8), (10.0, 19.8), (20.0, 29.8), (20.0, 33.8)]


@pytest.mark.parametrize(
    ("segment_s", "count"), [(10, 3), pytest.param(20, 2, marks=pytest.mark.slow)]
)
def test_a_seam_changes_no_row(video, whole, segment_s, count):
    """At 10 s one face is hidden and another appears, at 20 s is a cut, at 30 s a face leaves."""
    assert segments(video, segment_s) == count
    assert_as_whole(tables(video, segment_s), whole)


def test_rows_made_bit_by_bit_are_the_same(video, whole, monkeypatch):
    monkeypatch.setattr(segment, "_TICKS_AT_ONCE", 7)
    assert_as_whole(tables(video, 60), whole)


def test_a_rate_that_varies_over_seams(tmp_path):
    """From 2 to 40 pictures a second, and none for a second and a half around 10 s."""
    random = np.random.default_rng(5)
    steps = np.cumsum(random.choice([25, 40, 100, 230, 500], 400)).tolist()
    times = [Fraction(step, 1000) for step in [0, *steps] if not 9300 < step < 10800]
    path = make_video(tmp_path / "varies.mp4", [time for time in times if time < LENGTH_S])
    assert segments(path, 10) == 3
    assert_as_whole(tables(path, 10), tables(path, 60))


@pytest.mark.parametrize("claimed", [pytest.param(5, marks=pytest.mark.slow), 36_000])
def test_a_header_that_lies_costs_no_row(video, whole, tmp_path, claimed):
    path = tmp_path / video.name
    path.write_bytes(video.read_bytes())
    claim_length(path, claimed)
    assert segments(path, 10) == 3
    found = tables(path, 10)
    for name in TABLES[:-1]:
        assert_same_rows(found[name].drop_columns("video_id"), whole[name].drop_columns("video_id"))
    (ledger,) = found["videos"].to_pylist()
    assert ledger["status"] == ("partial" if claimed > LENGTH_S else "done")
    assert ("its header says 36000.0 s" in ledger["reason"]) == (claimed > LENGTH_S)
