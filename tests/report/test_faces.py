"""Pictures of faces come from the video that was analysed, and from no other."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from streamfer.errors import UsageError
from streamfer.media.identity import content_id
from streamfer.report.faces import add_faces
from streamfer.report.tables import Run, read_run
from tests.cli.terminal import portrait
from tests.report.runs import Made, write_run

# The astronaut's face in her photograph, x y w h in pixels; the video shows 320 columns of it, from
# 120 on at first and then from one less in every frame.
FACE = (175, 70, 90, 120)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return portrait(tmp_path_factory.mktemp("videos") / "woman.mp4", 2)


def run_of(video: Path, folder: Path) -> Run:
    """A run on the video in which the face is seen in one window, from 0 to 2 s."""
    x, y, w, h = FACE
    left = 120 - 25  # in the middle of the window
    box = ((x - left) / 320, y / 320, w / 320, h / 320)
    made = Made("woman.mp4", 2, ((0, 1),), video_id=content_id(str(video)), box=box)
    return read_run(write_run(folder / "t.parquet", [made]))


def test_a_track_gets_its_face_from_a_video_of_any_name(video: Path, tmp_path: Path):
    run = run_of(video, tmp_path)
    (tmp_path / "deep").mkdir()
    shutil.copy(video, tmp_path / "deep" / "renamed.mp4")
    add_faces(run, tmp_path / "t.parquet", tmp_path)
    picture = cv2.imdecode(np.frombuffer(run.videos["woman.mp4"].tracks[0].face, np.uint8), 1)
    x, y, w, h = FACE
    side = 180  # half as much again as the longer side of the box
    top, left = y + h // 2 - side // 2, x + w // 2 - side // 2
    cut = astronaut()[top : top + side, left : left + side]
    expected = cv2.resize(cut, (96, 96), interpolation=cv2.INTER_AREA)
    difference = np.abs(picture[..., ::-1].astype(int) - expected)
    assert difference.mean() < 7  # a shift of 2 pixels makes 9
    assert run.videos["woman.mp4"].warnings == []


def test_a_video_that_was_changed_gives_no_picture(video: Path, tmp_path: Path):
    run = run_of(video, tmp_path)
    (tmp_path / "woman.mp4").write_bytes(video.read_bytes() + b"\0")
    add_faces(run, tmp_path / "t.parquet", tmp_path)
    assert run.videos["woman.mp4"].tracks[0].face is None
    assert run.videos["woman.mp4"].warnings == [
        f"No pictures: the video that was analysed is not in {tmp_path}."
    ]


def test_a_folder_without_videos_is_refused(video: Path, tmp_path: Path):
    run = run_of(video, tmp_path)
    with pytest.raises(UsageError, match="no video"):
        add_faces(run, tmp_path / "t.parquet", tmp_path)
