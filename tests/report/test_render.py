"""A video is rendered with its own run's faces, and with no others."""

from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamfer.config import Analysis
from streamfer.errors import InputError, UsageError
from streamfer.faces.detector import load_detector
from streamfer.media.identity import content_id
from streamfer.report.render import render
from streamfer.store.output import OutputTables
from tests.cli.terminal import portrait
from tests.export.conftest import of
from tests.store.example_run import make_run
from tests.tables import all_tables

SETTINGS = {"streamfer.settings": '{"fps": 5, "min_score": 0.5, "min_track_s": 0.6}'}


def put(out: Path, found: dict[str, pa.Table]) -> Path:
    with OutputTables(out, SETTINGS, found) as tables:
        tables.write("a.mp4", {name: [rows] for name, rows in found.items()})
    return out


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that moves to the right, 25 pixels a second; it is there from the first frame."""
    return portrait(tmp_path_factory.mktemp("video") / "a.mp4", 3)


@pytest.fixture(scope="module")
def tables(video: Path) -> dict[str, pa.Table]:
    found = all_tables(video, Analysis(frames=True))
    return {name: found[name] for name in ("timelines", "videos", "frames")}


@pytest.fixture
def run(tables, tmp_path: Path) -> Path:
    return put(tmp_path / "timelines.parquet", tables)


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_boxes_follow_the_face_in_every_frame(video, run, tables, tmp_path):
    told = render(str(video), run, tmp_path / "marked.mp4")
    assert told == "Tracks that are marked: 1."
    old, new = pictures(video), pictures(tmp_path / "marked.mp4")
    assert len(old) == len(new) == 75
    frames = tables["frames"].to_pydict()
    for n, (before, after) in enumerate(zip(old, new, strict=True)):
        if n / 25 > frames["time_s"][-1]:
            break
        left = np.interp(n / 25, frames["time_s"], frames["face_x"]) * 320
        top = np.interp(n / 25, frames["time_s"], frames["face_y"]) * 320
        height = np.interp(n / 25, frames["time_s"], frames["face_h"]) * 320
        middle = slice(int(top + 0.3 * height), int(top + 0.7 * height))
        difference = np.abs(after[middle].astype(int) - before[middle]).sum(axis=2).mean(axis=0)
        # The left edge of the box is where most has changed left of the face's middle.
        assert difference[: int(left) + 20].argmax() == pytest.approx(left, abs=2.5)


def test_hidden_faces_are_found_in_no_frame(video, run, tmp_path):
    told = render(str(video), run, tmp_path / "hidden.mp4", marks=False, blur=True)
    assert told.startswith("Tracks that are hidden: 1. Faces that the run did not find are NOT ")
    detector = load_detector("default")
    assert all(len(found.boxes) for found in detector.detect(pictures(video)[::10]))
    hidden = pictures(tmp_path / "hidden.mp4")
    assert len(hidden) == 75
    assert not any(len(found.boxes) for found in detector.detect(hidden))


def test_a_copy_by_another_name_is_the_same_video(video, run, tmp_path):
    copy = tmp_path / "copy of it.mov"
    copy.write_bytes(video.read_bytes())
    render(str(copy), run, tmp_path / "out.mp4")
    assert len(pictures(tmp_path / "out.mp4")) == 75


def test_another_video_is_refused(video, run, tmp_path):
    other = tmp_path / video.name
    other.write_bytes(video.read_bytes() + b"\0")
    with pytest.raises(
        UsageError, match=r"a\.mp4 is not a video that .*timelines\.parquet tells of"
    ):
        render(str(other), run, tmp_path / "out.mp4")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        render(str(tmp_path / "nowhere.mp4"), run, tmp_path / "out.mp4")
    assert not list(tmp_path.glob("out*"))


def test_a_run_without_frames_or_rows_is_explained(video, tables, tmp_path):
    run = put(tmp_path / "b.parquet", {n: tables[n] for n in ("timelines", "videos")})
    with pytest.raises(UsageError, match="has no table of frames: `streamfer run --frames`"):
        render(str(video), run, tmp_path / "out.mp4")
    empty = make_run(tmp_path / "c.parquet", ["timelines", "videos", "frames"], rows=0)
    with pytest.raises(UsageError, match="is not a video that"):
        render(str(video), empty, tmp_path / "out.mp4")


def test_a_video_without_faces_is_rendered_unmarked(video, tables, tmp_path):
    nobody = {n: t.slice(0, 0) if n != "videos" else t for n, t in tables.items()}
    run = put(tmp_path / "b.parquet", nobody)
    assert render(str(video), run, tmp_path / "out.mp4") == "Tracks that are marked: 0."
    for before, after in zip(pictures(video), pictures(tmp_path / "out.mp4"), strict=True):
        assert np.abs(after.astype(int) - before).mean() < 3


def test_faces_of_a_video_that_was_analysed_in_part_are_not_called_hidden(video, tables, tmp_path):
    torn = tables | {
        "videos": of("a.mp4", tables["videos"], status=["partial"], reason=["It ends."])
    }
    run = put(tmp_path / "b.parquet", torn)
    with pytest.raises(UsageError, match=r"only in part: It ends\."):
        render(str(video), run, tmp_path / "out.mp4", blur=True)
    assert render(str(video), run, tmp_path / "out.mp4") == "Tracks that are marked: 1."


def test_nothing_is_written_over_or_left_half_done(video, run, tables, tmp_path):
    there = tmp_path / "out.mp4"
    there.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        render(str(video), run, there)
    assert there.read_text() == "mine"
    with pytest.raises(UsageError, match=r"must end in \.mkv, \.mov or \.mp4"):
        render(str(video), run, tmp_path / "out.avi")
    # A file that is no video, though the ledger says that it was one.
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"x" * 1000)
    ledger = of("a.mp4", tables["videos"], video_id=[content_id(str(junk))])
    other = put(tmp_path / "b.parquet", tables | {"videos": ledger})
    with pytest.raises(InputError, match="not a video"):
        render(str(junk), other, tmp_path / "x.mp4")
    assert not list(tmp_path.glob("*x.mp4*"))


def test_a_table_of_another_run_is_refused(video, run, tables, tmp_path):
    put(tmp_path / "b.parquet", tables)
    (tmp_path / "b.frames.parquet").replace(tmp_path / "timelines.frames.parquet")
    with pytest.raises(UsageError, match="is of another run"):
        render(str(video), run, tmp_path / "out.mp4")
    assert pq.read_table(run).num_rows
