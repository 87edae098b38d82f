import pytest

from streamfer.emotion.labels import EMOTIONS
from tests.trainers.corpora.trees import plant
from trainers.corpora import files, savee
from trainers.corpora.catalogue import CATALOGUE, read


def whole(form):
    for speaker in savee.SPEAKERS:
        for code in savee.EXPRESSIONS:
            for sentence in range(1, 31 if code == "n" else 16):
                yield form.format(speaker=speaker, code=code, sentence=sentence)


@pytest.mark.parametrize(
    "form",
    [
        "AudioVisualClip/{speaker}/{code}{sentence}.avi",
        "AudioVisual/{speaker}/{code}{sentence:02}.avi",
        "ALL/{speaker}_{code}{sentence:02}.mp4",
    ],
)
def test_names_alone_give_table_3(tmp_path, form):
    reading = read("SAVEE", plant(tmp_path, whole(form)))
    assert reading.counts() == (120, 60, 60, 60, 60, 60, 60) == CATALOGUE["SAVEE"].printed[""]
    assert {clip.participant for clip in reading.samples} == set(savee.SPEAKERS)
    assert reading.omitted == ()
    assert savee.missing(reading) == []


def test_sadness_and_surprise_are_not_confused(tmp_path):
    clips = savee.read(plant(tmp_path, ["DC/sa1.avi", "DC/su01.avi", "dc/a1.avi"])).samples
    assert {clip.name: EMOTIONS[clip.label] for clip in clips} == {
        "DC_sa01": "sadness",
        "DC_su01": "surprise",
        "DC_a01": "anger",
    }


def test_what_is_not_taken_is_counted(tmp_path):
    root = plant(tmp_path, ["DC/a1.avi", "old/DC/a01.avi", "XY/a1.avi", "KL/x1.avi", "KL/a1.wav"])
    reading = savee.read(root)
    assert [clip.name for clip in reading.samples] == ["DC_a01"]
    assert reading.reasons() == {files.TWICE: 1, files.UNKNOWN_NAME: 1, files.UNKNOWN_LABEL: 1}
    assert savee.missing(reading)[0] == "speaker DC: 1 of 120 videos are there"
