"""`python -m trainers explain`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import skimage
from PIL import Image
from typer.testing import CliRunner, Result

from streamfer.errors import InputError, UsageError
from tests.trainers.explain.networks import write_graph, write_quadrant
from tests.trainers.explain.photographs import ADMIRAL, ASTRONAUT, SIX
from trainers.analysis.explain.photograph import read_photograph
from trainers.cli.main import app


def explain(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def test_photographs_are_explained_a_row_each(tmp_path: Path):
    one = explain(ASTRONAUT, "--out", tmp_path / "one.png")
    two = explain(ASTRONAUT, SIX, "--target", "anger", "--out", tmp_path / "two.png")

    assert (one.exit_code, two.exit_code) == (0, 0)
    assert f"{SIX}: 6 faces; the largest is taken" in two.stderr
    assert f"Figure: {tmp_path / 'two.png'}" in two.stderr
    first, second = (read_photograph(tmp_path / name) for name in ("one.png", "two.png"))
    assert second.shape[0] == 2 * first.shape[0]
    assert second.shape[1] > first.shape[1]
    assert {path.name for path in tmp_path.iterdir()} == {"one.png", "two.png"}


def test_two_photographs_are_mixed(tmp_path: Path):
    done = explain(ASTRONAUT, "--mix", ADMIRAL, "--share", 0.3, "--out", tmp_path / "mix.png")

    assert done.exit_code == 0
    height, width, _ = read_photograph(tmp_path / "mix.png").shape
    assert height > 0.9 * width  # three rows


def test_names_of_files_are_no_formulas_and_need_not_fit(tmp_path: Path):
    plain = tmp_path / "a.png"
    shutil.copy(ASTRONAUT, plain)
    strange = tmp_path / os.fsdecode(rb"$\frac{ \xff" + 90 * b"x" + b"$.png")
    shutil.copy(ASTRONAUT, strange)

    assert explain(plain, "--out", tmp_path / "1.png").exit_code == 0
    assert explain(strange, "--out", tmp_path / "2.png").exit_code == 0

    shapes = [read_photograph(tmp_path / name).shape for name in ("1.png", "2.png")]
    assert shapes[0] == shapes[1]


def test_a_photograph_is_never_written_over(tmp_path: Path):
    photograph = tmp_path / "a.png"
    shutil.copy(ASTRONAUT, photograph)
    before = photograph.read_bytes()

    done = explain(photograph, "--out", tmp_path / "." / "a.png")

    assert isinstance(done.exception, UsageError)
    assert photograph.read_bytes() == before


def test_any_backbone_and_both_methods(tmp_path: Path):
    network = write_quadrant(tmp_path / "mine.onnx", "upper left")

    for method in ("grad-cam", "layer-cam"):
        out = tmp_path / f"{method}.png"
        done = explain(ASTRONAUT, "--backbone", network, "--method", method, "--out", out)
        assert done.exit_code == 0

    maps = [read_photograph(tmp_path / f"{method}.png") for method in ("grad-cam", "layer-cam")]
    assert (maps[0] != maps[1]).any()


def test_faces_are_mixed_for_a_network_without_maps_but_its_heat_is_refused(tmp_path: Path):
    network = write_graph(tmp_path / "mine.onnx", convolves=False)
    mixed = (ASTRONAUT, "--mix", ADMIRAL, "--backbone", network)

    assert explain(*mixed, "--out", tmp_path / "mix.png").exit_code == 0
    heated = [
        explain(*words, "--out", tmp_path / "heat.png")
        for words in ((ASTRONAUT, "--backbone", network), (*mixed, "--target", "anger"))
    ]

    height, width, _ = read_photograph(tmp_path / "mix.png").shape
    assert height > 1.2 * width  # three rows of a face and bars
    for done in heated:
        assert isinstance(done.exception, UsageError)
        assert "mine cannot be explained: it has no maps" in str(done.exception)
    assert not (tmp_path / "heat.png").exists()


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (["nowhere.jpg"], InputError, "nowhere.jpg cannot be read"),
        ([__file__], InputError, "is not a picture"),
        ([ASTRONAUT, "--target", "joy"], UsageError, "no emotion 'joy'; there are: neutral, happ"),
        ([ASTRONAUT, ADMIRAL, "--mix", SIX], UsageError, "With --mix give one IMAGE"),
        ([ASTRONAUT, "--mix", ADMIRAL, "--share", "2"], UsageError, "between 0 and 1"),
        ([ASTRONAUT, "--backbone", "nobody"], UsageError, "no backbone 'nobody'"),
    ],
)
def test_mistakes_are_said(arguments: list[object], kind: type, said: str, tmp_path: Path):
    done = explain(*arguments, "--out", tmp_path / "x.png")

    assert isinstance(done.exception, kind)
    assert said in str(done.exception)
    assert not (tmp_path / "x.png").exists()


def in_a_process(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_picture_without_a_face_ends_with_one_sentence(tmp_path: Path):
    Image.fromarray(skimage.data.brick()).save(tmp_path / "wall.png")

    done = in_a_process(tmp_path, *["-m", "trainers", "explain", "wall.png", "--out", "x.png"])

    assert done.returncode == 2
    assert done.stderr == "error: In wall.png there is no face that the detector finds.\n"
    assert not (tmp_path / "x.png").exists()


def test_a_missing_package_is_named(tmp_path: Path):
    without = "import sys; sys.modules['captum'] = None; sys.argv[1:] = 'explain a --out b'.split()"
    command = "from trainers.cli.main import main; main()"

    done = in_a_process(tmp_path, "-c", f"{without}; {command}")

    assert done.returncode == 2
    assert "pip install streamfer[trainers]" in done.stderr
    assert done.stderr.count("\n") == 1
