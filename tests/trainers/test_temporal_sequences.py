from collections import Counter

import numpy as np
import pytest

from streamfer.config import Analysis
from streamfer.pipeline.analyse import analyse
from streamfer.pipeline.models import LocalModels
from trainers.corpora import press_faces
from trainers.temporal.sequences import NO_LABEL, FaceSequence, followed, split
from trainers.temporal.stills import PERSON_MOST, TICKS, still_sequences


def of_person(name):
    nothing = np.empty(0, np.int64)
    return FaceSequence(name, "", nothing, np.empty((0, 96, 96, 3), np.uint8), nothing)


@pytest.fixture(scope="module")
def press(shared):
    return press_faces.load(shared / "data" / "press_faces.zip")


def test_the_faces_of_a_video_are_those_that_a_run_looks_at(demo):
    settings = Analysis(frames=True, temporal="cnn-s")
    models = LocalModels.load(settings, "cpu")
    sequences = followed(demo.path, settings, models)
    assert all((np.diff(sequence.ticks) > 0).all() for sequence in sequences)
    assert all(set(sequence.labels.tolist()) == {NO_LABEL} for sequence in sequences)
    # Each row of a run is CNN-S of a window; a window of one sample is what the backbone said.
    rows = analyse(demo.path, settings, device="cpu").to_pandas()
    said = np.concatenate([models.embed(sequence.crops)[1] for sequence in sequences])
    alone = rows[rows.faces == 1]
    assert len(alone)
    for row in alone.filter(like="p_").to_numpy():
        assert np.abs(said - row).max(1).min() < 1e-4


def test_those_who_are_held_out_are_not_fitted():
    names = ("liveportrait__d3", "pyfeat", "x", "pyfeat__WolfgangLanger_Pexels")
    fitted, held_out = split([of_person(name) for name in names])
    assert [s.person for s in fitted] == ["liveportrait__d3", "x"]
    assert [s.person for s in held_out] == ["pyfeat", "pyfeat__WolfgangLanger_Pexels"]


def test_three_clips_of_one_man_show_one_person(clips):
    settings = Analysis(frames=True, temporal="cnn-s")
    models = LocalModels.load(settings, "cpu")
    names = ("face_noface.mov", "noface_face.mov", "single_face.mp4")
    found = [followed(clips / f"pyfeat__{name}", settings, models) for name in names]
    assert {sequence.person for some in found for sequence in some} == {"pyfeat"}
    assert all(found)


def test_nobody_of_the_stills_is_on_both_sides(press):
    people = [
        {
            sequence.person
            for sequence in still_sequences(
                faces, press_faces.person, 96, 10, np.random.default_rng(0)
            )
        }
        for faces in press_faces.split(press)
    ]
    assert all(people)
    assert not people[0] & people[1]


def test_a_still_moves_a_little_from_sample_to_sample(press):
    fitted, _ = press_faces.split(press)
    sequences = still_sequences(fitted, press_faces.person, 96, 5, np.random.default_rng(0))
    for sequence in sequences:
        assert sequence.crops.shape == (TICKS, 96, 96, 3)
        crops = sequence.crops.astype(np.float64)
        one_picture = np.diff(sequence.labels) == 0
        steps = np.abs(np.diff(crops, axis=0)).mean(axis=(1, 2, 3))
        assert (steps > 0).all()
        assert np.median(steps[one_picture]) < 15
    changing = [s for s in sequences if len(set(s.labels.tolist())) == 2]
    assert 0 < len(changing) < len(sequences)


def test_no_person_and_no_expression_takes_over(press):
    fitted, _ = press_faces.split(press)
    sequences = still_sequences(fitted, press_faces.person, 96, 30, np.random.default_rng(0))
    counts = Counter(sequence.person for sequence in sequences)
    assert max(counts.values()) <= PERSON_MOST
    first = np.bincount([s.labels[0] for s in sequences], minlength=7)
    assert first.max() <= 30
    assert (first > 0).all()
