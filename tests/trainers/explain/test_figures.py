"""The figures show what they should; colours that only their parts have are looked for."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from tests.trainers.explain.photographs import real_faces
from trainers.analysis.explain.explainable import Explainable, load_explainable
from trainers.analysis.explain.figures import explanation, figure7, figure8, figure9, figure10
from trainers.analysis.explain.panels import COLOURS, WRONG
from trainers.analysis.explain.photograph import read_photograph


@pytest.fixture(scope="module")
def explainable() -> Explainable:
    return load_explainable()


@pytest.fixture(scope="module")
def faces(explainable: Explainable) -> list[np.ndarray]:
    return real_faces(explainable.crop)


def places(picture: np.ndarray, colour: str) -> np.ndarray:
    """Where a figure has exactly this colour: bool (H, W)."""
    return (picture == np.rint(255 * np.array(to_rgb(colour)))).all(2)


def longest_runs(picture: np.ndarray) -> np.ndarray:
    """The length in pixels of the longest bar in each emotion's colour (7,)."""
    return np.array([places(picture, colour).sum(1).max() for colour in COLOURS])


def test_the_palette_is_the_reports():
    assert len(set(COLOURS)) == len(EMOTIONS)
    assert COLOURS[EMOTIONS.index("anger")] == "#d55e00"


@pytest.mark.parametrize("figure", [figure7, figure8])
@pytest.mark.parametrize("count", [1, 3])
def test_wrong_ones_are_framed(figure, count: int, explainable, faces, tmp_path: Path):
    said = explainable.probabilities(faces).argmax(1).tolist()
    other = [(emotion + 1) % 7 for emotion in said]

    for labels, path in ((said, tmp_path / "right.png"), (other, tmp_path / "new" / "wrong.png")):
        figure(explainable, faces[:count], labels[:count], path)

    right = read_photograph(tmp_path / "right.png")
    wrong = read_photograph(tmp_path / "new" / "wrong.png")
    assert right.shape == wrong.shape
    assert not places(right, WRONG).any()
    frames = places(wrong, WRONG).sum() / count
    assert 1000 < frames < 10_000


def test_the_same_samples_give_the_same_bytes(explainable, faces, tmp_path: Path):
    for name in ("a.png", "b.png"):
        figure7(explainable, faces[:2], [0, 1], tmp_path / name)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_bars_are_as_long_as_probabilities(explainable, faces, tmp_path: Path):
    """The astronaut alone, where no bars lie beside each other."""
    (found,) = explainable.probabilities(faces[:1])

    explanation(explainable, faces[:1], ["astronaut"], tmp_path / "one.png")

    runs = longest_runs(read_photograph(tmp_path / "one.png"))
    happiness, disgust = EMOTIONS.index("happiness"), EMOTIONS.index("disgust")
    assert runs.argmax() == found.argmax() == happiness
    assert runs[disgust] / runs[happiness] == pytest.approx(
        found[disgust] / found[happiness], abs=0.05
    )


def test_mixtures_have_a_column_each(explainable, faces, tmp_path: Path):
    labels = (1, 0)
    figure9(explainable, (faces[0], faces[1]), labels, tmp_path / "9.png")
    figure10(explainable, (faces[0], faces[1]), labels, tmp_path / "10.png")

    nine, ten = (read_photograph(tmp_path / name) for name in ("9.png", "10.png"))
    assert ten.shape[0] == nine.shape[0]
    assert ten.shape[1] - nine.shape[1] == pytest.approx(nine.shape[1] / 3, rel=0.2)
    assert longest_runs(nine)[0] > 0


def test_a_target_has_a_column(explainable, faces, tmp_path: Path):
    explanation(explainable, faces[:2], ["a", "b"], tmp_path / "without.png")
    explanation(explainable, faces[:2], ["a", "b"], tmp_path / "with.png", target=3)

    without, with_target = (
        read_photograph(tmp_path / name) for name in ("without.png", "with.png")
    )
    assert with_target.shape[1] > without.shape[1] + 300


def test_a_place_that_cannot_be_written_is_said(explainable, faces, tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"x\.png cannot be written"):
        figure7(explainable, faces[:1], [0], tmp_path / "file" / "x.png")
