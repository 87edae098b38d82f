import pytest

from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.cnn_w import CnnW
from trainers.temporal.compare import compare, with_and_without_sound

BOTH = {"cnn-w": CnnW(), "cnn-s": CnnS()}


def test_methods_are_compared_on_the_windows_they_are_asked_about(three_people):
    found = compare(BOTH, three_people, stride_s=1)
    assert found["windows"] == {
        "clean": 12,
        "clean_labelled": 8,
        "clean_clips": 4,
        "corrupted": 3,
        "corrupted_labelled": 2,
        "corrupted_clips": 1,
        "persons": 3,
        "persons_in_clips": 1,
    }
    methods = found["methods"]
    for method in methods.values():
        assert method["clean"]["total_variation"] == pytest.approx(0, abs=1e-6)
        # Half of what is said of one of the three windows is wrong.
        assert method["corrupted"]["total_variation"] == pytest.approx(0.5 / 3)
    assert all(gain["gain"] == 0 for gain in methods["cnn-s"]["gains"].values())
    assert found["winner"] in BOTH


def test_a_method_that_listens_is_set_beside_the_one_that_does_not(three_people):
    found = with_and_without_sound(BOTH, {"cnn-s": CnnW()}, three_people)
    assert (found["clean"], found["corrupted"]) == (12, 3)
    assert found["methods"].keys() == {"cnn-s"}
    assert found["methods"]["cnn-s"]["without"]["clean"] == 1
