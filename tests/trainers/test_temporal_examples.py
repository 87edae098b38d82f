from pathlib import Path

import cv2
import insightface
import numpy as np
import pytest

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.faces.align import align
from streamfer.faces.detector import load_detector
from trainers.temporal.corrupt import KINDS
from trainers.temporal.examples import lay_out
from trainers.temporal.readings import AS_IT_IS, cached, read
from trainers.temporal.sequences import NO_LABEL, FaceSequence

GROUP = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
TICKS = 15
COPIES = len(KINDS)
CLIP = "clip.mp4"


@pytest.fixture(scope="module")
def readings():
    """Six people; of the first nobody said anything, the second changes on the way."""
    picture = cv2.imread(str(GROUP))[..., ::-1].copy()
    (found,) = load_detector("default").detect([picture])
    crops = align(picture, found.landmarks, 96)
    labels = np.tile(np.arange(len(crops))[:, None], TICKS)
    labels[0] = NO_LABEL
    labels[1, 12:] = 6
    sequences = [
        FaceSequence(
            f"person {n}",
            CLIP if n == 0 else "",
            np.arange(TICKS),
            np.stack([crop] * TICKS),
            labels[n],
        )
        for n, crop in enumerate(crops)
    ]
    return read(sequences, load_backbone(), COPIES, np.random.default_rng(0))


@pytest.fixture(scope="module")
def examples(readings):
    return lay_out(readings, Analysis())


def test_each_sequence_is_there_as_it_is_and_spoilt_in_every_way(readings):
    assert readings.kinds.shape == (6, 1 + COPIES)
    assert (readings.kinds[:, 0] == AS_IT_IS).all()
    assert (np.sort(readings.kinds[:, 1:]) == np.arange(COPIES)).all()
    assert len(readings.tick) == 6 * (1 + COPIES) * TICKS


def test_only_spoilt_faces_are_read_otherwise(readings):
    shape = (6, 1 + COPIES, TICKS)
    embeddings = readings.embeddings.reshape(*shape, 512)
    differs = (np.abs(embeddings - embeddings[:, :1]) > 1e-3).any(-1)
    assert np.array_equal(differs, readings.spoilt.reshape(shape))
    lost = ~readings.seen
    assert not readings.embeddings[lost].any()
    missing = readings.kinds[readings.sequence, readings.copy] == KINDS.index("missing")
    assert np.array_equal(lost, readings.spoilt & missing)


def test_the_target_of_every_copy_is_what_cnn_s_says_of_the_sequence_as_it_is(examples):
    said = CnnS().recognise(examples.windows)
    clean = examples.clean
    assert np.array_equal(said[clean], examples.target[clean])
    original = {
        (person, window): target
        for person, window, target in zip(
            examples.person[clean], examples.windows.window[clean], said[clean], strict=True
        )
    }
    for row in np.flatnonzero(~clean):
        key = (examples.person[row], examples.windows.window[row])
        assert np.array_equal(examples.target[row], original[key])
    untouched = ~clean & (examples.spoilt == 0)
    assert np.allclose(said[untouched], examples.target[untouched], atol=1e-6)
    assert not np.allclose(said[examples.corrupted], examples.target[examples.corrupted], atol=0.1)


def test_spoilt_samples_are_counted_with_those_that_are_lost(examples):
    lost = (examples.kind == KINDS.index("missing")) & (examples.windows.window == 0)
    assert np.array_equal(examples.spoilt[lost], 10 - examples.windows.faces[lost])
    assert not examples.spoilt[examples.clean].any()
    assert (examples.spoilt[examples.corrupted] <= 6).all()


def test_a_window_has_the_label_that_all_its_faces_have(examples):
    second = (examples.person == "person 1") & examples.clean
    assert examples.windows.window[second].tolist() == [0, 1, 2]
    assert examples.label[second].tolist() == [1, NO_LABEL, NO_LABEL]
    assert (examples.label[examples.person == "person 3"] == 3).all()
    assert set(examples.person[examples.filmed]) == {"person 0"}
    assert (examples.label[examples.filmed] == NO_LABEL).all()


def test_the_wider_reference_sees_beyond_the_window(examples):
    sums = examples.wider.sum(1)
    assert np.allclose(sums, 1, atol=1e-5)
    # These faces do not change at all.
    assert np.allclose(examples.wider, examples.target, atol=1e-5)


def test_readings_are_kept(readings, tmp_path):
    path = tmp_path / "folder" / "readings.npz"
    assert cached(path, lambda: readings) is readings
    again = cached(path, lambda: pytest.fail("it is there"))
    for name, values in vars(readings).items():
        assert np.array_equal(getattr(again, name), values)
    assert [file.name for file in path.parent.iterdir()] == ["readings.npz"]
