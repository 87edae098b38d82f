from dataclasses import replace

import numpy as np
import pytest
import torch

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_gru import CnnGru
from streamfer.errors import UsageError
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.sound.listen import listen
from streamfer.sound.speech import load_speech_detector
from trainers.temporal.examples import lay_out
from trainers.temporal.hearing import heard, with_sound
from trainers.temporal.readings import AS_IT_IS, Readings
from trainers.temporal.train import listening, predict

SPEAKS = "pyfeat__WolfgangLanger_Pexels.mp4"
SILENT = "fer__woman2.mp4"
TICKS = 50


@pytest.fixture(scope="module")
def examples(clips):
    """Faces seen in a clip with sound, in one without, and in a still."""
    rows = 3 * TICKS
    sequence = np.repeat(np.arange(3), TICKS)
    probabilities = np.full((rows, 7), 1 / 7, np.float32)
    readings = Readings(
        persons=np.array(["one", "two", "three"]),
        clips=np.array([SPEAKS, SILENT, ""]),
        kinds=np.full((3, 1), AS_IT_IS),
        sequence=sequence,
        copy=np.zeros(rows, int),
        tick=np.tile(np.arange(TICKS), 3),
        label=np.full(rows, -1),
        spoilt=np.zeros(rows, bool),
        seen=np.ones(rows, bool),
        embeddings=np.zeros((rows, 512), np.float32),
        probabilities=probabilities,
    )
    return with_sound(lay_out(readings, Analysis()), clips, Analysis())


def test_only_a_clip_with_sound_is_heard(examples):
    assert np.array_equal(heard(examples), examples.clip == SPEAKS)
    sound = examples.windows.sound
    assert not sound.mel[~heard(examples)].any()
    # The last window begins at 9 s, and the clip goes on.
    assert sound.heard[heard(examples)] == pytest.approx(1, abs=0.05)


def test_a_window_has_its_own_sound(examples, clips):
    speaks = examples.where(heard(examples))
    info = probe(str(clips / SPEAKS), Limits())
    alone = listen(info, 5, 20, 30, load_speech_detector()).windows([20], 10)
    fifth = speaks.windows.window == 4
    assert speaks.windows.sound.mel[fifth][0] == pytest.approx(alone.mel[0], abs=1e-3)


def test_a_listening_network_begins_as_one_that_does_not(examples):
    torch.manual_seed(0)
    face = CnnGru()
    both = predict(listening(face, examples), examples)
    silent = replace(examples, windows=replace(examples.windows, sound=None))
    assert np.array_equal(both, predict(face, silent))


def test_without_any_sound_there_is_nothing_to_listen_to(examples):
    with pytest.raises(UsageError, match="None of the clips"):
        listening(CnnGru(), examples.where(~heard(examples)))
