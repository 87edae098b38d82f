"""`streamfer bench detectors` at the command line."""

import json
from pathlib import Path

import pytest
import skimage.data

from streamfer.weights.runtime import model_name
from tests.cli.conftest import Say
from tests.faces.marked_video import PLACES, make_marked_video, true_rows, write_truth

DEFAULT = model_name("default", "detector", "cpu")
FACES = sum(place is not None for place in PLACES)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("marked") / "marked.mp4"
    return make_marked_video(path, skimage.data.astronaut())


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_truth(tmp_path / "truth.csv", ["0,,,,", *true_rows()[1:], "0.5,5,5,30,30"])


def test_a_table_has_the_columns_of_table_2(command: Say, video: Path, truth: Path) -> None:
    said = command("bench", "detectors", video, "--truth", truth)
    assert said.code == 0
    header, line = (
        [cell.strip() for cell in row.strip("┃│ ").replace("┃", "│").split("│")]
        for row in said.stdout.splitlines()
        if "┃" in row or "│" in row
    )
    assert header == ["Detector", "TP", "FP", "FN", "IoU, %", "FPS"]
    share = 100 * (FACES - 1) / (FACES + 1)
    assert line[:5] == [DEFAULT, str(FACES - 1), "1", "1", f"{share:.1f}"]
    assert float(line[5]) > 0


def test_json_has_the_same_and_each_detector_in_turn(
    command: Say, video: Path, truth: Path, shared: Path
) -> None:
    file = shared / "models" / "yunet_yunet_final_dynamic_simplify.onnx"
    both = ("--detector", "default", "--detector", file)
    said = command("bench", "detectors", video, "--truth", truth, *both, "--json")
    first, second = json.loads(said.stdout)
    assert first["detector"] == DEFAULT
    assert second["detector"] == file.stem
    for result in (first, second):
        assert (result["tp"], result["fp"], result["fn"]) == (FACES - 1, 1, 1)
        assert result["iou"] == (FACES - 1) / (FACES + 1)
        assert result["fps"] == pytest.approx(result["pictures"] / result["seconds"])
        assert result["pictures"] == len(PLACES)


def test_score_and_size_are_settings(command: Say, video: Path, truth: Path) -> None:
    call = ("bench", "detectors", video, "--truth", truth, "--json")
    for setting in (("--min-score", "0.99"), ("--longest-side", "32")):
        (result,) = json.loads(command(*call, *setting).stdout)
        assert (result["tp"], result["fp"], result["fn"]) == (0, 0, FACES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--detector", "nobody"), "no detector 'nobody'"),
        (("--truth", "absent.csv"), "absent.csv cannot be read"),
        (("--min-score", "2"), "min-score"),
    ],
)
def test_wrong_settings_are_said(
    command: Say, video: Path, truth: Path, change: tuple[str, str], message: str
) -> None:
    said = command("bench", "detectors", video, "--truth", truth, *change)
    assert said.code == 2
    assert message in said.stderr
    assert said.stdout == ""


def test_a_file_that_is_no_video_is_named(command: Say, truth: Path) -> None:
    said = command("bench", "detectors", truth, "--truth", truth)
    assert said.code == 2
    assert "truth.csv: This is" in said.stderr
