"""What the videos of the synthetic corpora show, and what is planted in them."""

from fractions import Fraction

import av
import numpy as np
import pytest

from streamfer.faces.detections import iou
from streamfer.faces.detector import load_detector
from streamfer.faces.truth import read_truth
from trainers.corpora.synthetic.looks import LOOKS

CLIPS = ("RAMAS", "IEMOCAP", "CREMA-D", "RAVDESS", "SAVEE", "AffWild2")


@pytest.fixture(scope="module")
def detector():
    return load_detector()


def pictures(path):
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def count(detector, picture):
    return len(detector.detect([picture])[0])


@pytest.mark.parametrize("name", CLIPS)
def test_faces_are_found_in_the_look_of_each_corpus(made, detector, name):
    """Every fifteenth picture of its first whole video: each person once, nothing else."""
    clips = made.known[name].samples
    video = clips[-1].video if name == "RAVDESS" else clips[0].video
    shown = pictures(video)
    if name == "AffWild2":  # the hard one, in which the face may be covered
        found = [count(detector, picture) for picture in shown[::15]]
        assert max(found) == 1
        assert np.mean(found) > 0.7
        return
    people = 2 if name == "IEMOCAP" else 1
    assert {count(detector, picture) for picture in shown[::15]} == {people}


@pytest.mark.parametrize("name", CLIPS)
def test_rate_size_and_codec_are_the_corpuss_own(made, name):
    look = LOOKS[name]
    with av.open(str(made.known[name].samples[-1].video)) as file:
        stream = file.streams.video[0]
        assert (stream.width, stream.height) == look.size
        assert stream.codec_context.name == {"libx264": "h264"}.get(look.codec, look.codec)
        if name == "AffWild2":
            assert stream.average_rate == 30
        else:
            assert abs(stream.average_rate - look.rate) < Fraction(1, 10)


def test_audio_video_and_video_only_show_the_same_take(made):
    folder = made.folders["RAVDESS"] / "Video_Speech_Actor_02" / "Actor_02"
    sounding, silent = (folder / f"{kind}-01-05-01-01-01-02.mp4" for kind in ("01", "02"))
    for path, sounds in ((sounding, 1), (silent, 0)):
        with av.open(str(path)) as file:
            assert len(file.streams.audio) == sounds
    assert np.array_equal(pictures(sounding), pictures(silent))


def test_a_label_for_every_picture_of_a_video(made):
    root = made.folders["AffWild2"]
    for path in sorted(root.rglob("*.txt")):
        if path.stem == "video7":  # the fault: there is no such video
            continue
        stem = path.stem.removesuffix("_left").removesuffix("_right")
        (video,) = root.rglob(f"{stem}.mp4")
        header, *labels = path.read_text().splitlines()
        assert header == "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"
        assert len(labels) == len(pictures(video))
        assert labels[-1] == "-1"


def test_the_true_boxes_lie_on_the_face(made, detector):
    root = made.folders["AffWild2"]
    shown = pictures(root / "batch1" / "99-30-720x720.mp4")
    truth = read_truth(root / "truth.csv")
    assert len(truth) == len(shown)
    overlaps = []
    for picture, marked in list(zip(shown, truth, strict=True))[::10]:
        (faces,) = detector.detect([picture])
        if len(faces):
            overlaps.append(iou(faces.boxes[:1], marked.boxes)[0, 0])
    assert len(overlaps) > 0.7 * len(shown) / 10
    assert np.median(overlaps) > 0.7


def test_planted_faults(made, detector):
    faceless = made.folders["RAVDESS"] / "Video_Speech_Actor_01" / "Actor_01"
    assert count(detector, pictures(faceless / "01-01-03-01-01-01-01.mp4")[30]) == 0
    pair = made.folders["SAVEE"] / "AudioVisualClip" / "DC" / "h1.avi"
    assert count(detector, pictures(pair)[30]) == 2
    for name, lost in {"RAMAS": 1, "IEMOCAP": 1, "CREMA-D": 1, "AffectNet": 2}.items():
        reasons = [omission.reason for omission in made.known[name].omitted]
        assert reasons.count("missing file") == lost
