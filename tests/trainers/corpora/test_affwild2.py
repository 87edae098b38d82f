import tempfile
from itertools import chain, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from tests.trainers.corpora.trees import plant
from trainers.corpora import affwild2, files
from trainers.corpora.samples import WHOLE, Omission, Pictures

CLASSES = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"
TRAIN, WATCH = "annotations/EXPR_Set/Training_Set", "annotations/EXPR_Set/Validation_Set"


def labels(*values, classes=CLASSES):
    return "\n".join([classes, *map(str, values), ""])


def test_runs_of_a_label_are_clips(tmp_path):
    text = labels(0, 0, 0, -1, 4, 4, 6, 0)
    root = plant(tmp_path, ["batch1/7.mp4"], {f"{TRAIN}/7.txt": text})
    reading = affwild2.read(root)
    assert [(EMOTIONS[clip.label], clip.span) for clip in reading.samples] == [
        ("neutral", Pictures(0, 3)),
        ("happiness", Pictures(4, 6)),
        ("surprise", Pictures(6, 7)),
        ("neutral", Pictures(7, 8)),
    ]
    assert reading.counts("train") == (4, 2, 0, 1, 0, 0, 0)  # pictures, as Table 3
    assert reading.counts("development") == (0,) * 7
    assert reading.reasons() == {affwild2.UNLABELLED: 1}
    assert {clip.region for clip in reading.samples} == {WHOLE}


@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(1, 4)), max_size=30))
def test_the_clips_hold_each_labelled_picture_once(runs):
    said = list(chain.from_iterable(repeat(*run) for run in runs))
    with tempfile.TemporaryDirectory() as folder:
        root = plant(Path(folder), ["v.mp4"], {f"{TRAIN}/v.txt": labels(*said)})
        clips = affwild2.read(root).samples
    again = [-1] * len(said)
    names = CLASSES.lower().split(",")
    for clip in clips:
        for picture in range(clip.span.first, clip.span.end):
            assert again[picture] == -1
            again[picture] = names.index(EMOTIONS[clip.label])
    assert again == said


def test_parts_and_persons(tmp_path):
    root = plant(
        tmp_path,
        ["batch1/10-60-1280x720.mp4", "batch2/video_left.avi"],
        {
            f"{TRAIN}/10-60-1280x720.txt": labels(1),
            f"{WATCH}/10-60-1280x720_right.txt": labels(2),
            f"{WATCH}/video_left.txt": labels(3),
            "annotations/VA_Set/Training_Set/10-60-1280x720.txt": "valence,arousal\n0.1,0.2\n",
        },
    )
    whole, right, named = affwild2.read(root).samples
    assert (whole.split, whole.region, whole.participant) == ("train", WHOLE, "10-60-1280x720")
    assert (right.split, right.region) == ("development", (0.5, 0.0, 1.0, 1.0))
    assert right.video == whole.video
    assert right.participant != whole.participant
    assert (named.video.name, named.region) == ("video_left.avi", WHOLE)  # so it is called


def test_later_competitions_are_read_without_their_eighth_class(tmp_path):
    folder = "annotations/EXPR_Classification_Challenge/Train_Set"
    text = labels(0, 7, 7, 6, classes=CLASSES + ",Other")
    reading = affwild2.read(plant(tmp_path, ["v.mp4"], {f"{folder}/v.txt": text}))
    assert reading.counts() == (1, 0, 0, 1, 0, 0, 0)
    assert reading.reasons() == {files.NOT_OF_THE_SEVEN: 1}


def test_a_missing_video_and_a_text_given_twice_are_counted(tmp_path):
    texts = {f"{TRAIN}/a.txt": labels(0), f"{TRAIN}/b.txt": labels(0), f"{WATCH}/a.txt": labels(1)}
    reading = affwild2.read(plant(tmp_path, ["a.mp4"], texts))
    assert [clip.split for clip in reading.samples] == ["train"]
    assert reading.reasons() == {files.MISSING: 1, files.TWICE: 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0\n0\n", "does not name the seven"),
        ("", "does not name the seven"),
    ],
)
def test_another_text_is_refused_by_name(tmp_path, text, told):
    with pytest.raises(InputError, match=rf"v\.txt.*{told}"):
        affwild2.read(plant(tmp_path, ["v.mp4"], {f"{TRAIN}/v.txt": text}))


@pytest.mark.parametrize("line", ["9", "x", "0,1", "", "-2"])
def test_a_bad_line_costs_its_text_alone(tmp_path, line):
    texts = {f"{TRAIN}/a.txt": labels(0, line, 1), f"{TRAIN}/b.txt": labels(2)}
    reading = affwild2.read(plant(tmp_path, ["a.mp4", "b.mp4"], texts))
    assert [clip.name for clip in reading.samples] == ["b@000000"]
    assert reading.omitted == (Omission(affwild2.NO_CLASS, "a, line 3"),)


def test_a_text_from_windows_is_read(tmp_path):
    root = plant(tmp_path, ["v.mp4"])
    (root / TRAIN).mkdir(parents=True)
    (root / TRAIN / "v.txt").write_bytes(("\ufeff" + labels(0, 1)).replace("\n", "\r\n").encode())
    assert affwild2.read(root).counts() == (1, 0, 0, 0, 0, 0, 1)
