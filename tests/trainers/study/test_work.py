import json
from pathlib import Path

import pytest

from streamfer.errors import InputError
from tests.trainers.analysis.made import said
from trainers.study.work import Work, file_name


@pytest.fixture
def told():
    return []


@pytest.fixture
def work(tmp_path, told):
    return Work(Path("/my corpora"), tmp_path, told.append)


def made(times):
    """A step that counts how often it is done."""

    def make():
        times.append(1)
        return said([0, 1], [0, 0])

    return make


def test_a_step_is_done_once(tmp_path, work, told):
    times = []
    first = work.predictions("CNN-W", {"seed": 1}, made(times))
    again = Work(Path("/my corpora"), tmp_path, told.append)
    second = again.predictions("CNN-W", {"seed": 1}, made(times))
    assert len(times) == 1
    assert second.labels.tolist() == first.labels.tolist()
    assert told == ["CNN-W …", "CNN-W: was done before"]


def test_a_step_of_other_settings_is_done_again(work):
    times = []
    for seed in (1, 2, 2):
        work.predictions("CNN-W", {"seed": seed}, made(times))
    assert len(times) == 2


def test_a_step_that_was_stopped_is_done_again(work):
    def stopped():
        raise KeyboardInterrupt

    times = []
    work.predictions("CNN-W", {"seed": 1}, made(times))
    with pytest.raises(KeyboardInterrupt):
        work.predictions("CNN-W", {"seed": 2}, stopped)
    # What lies there is still that of the first seed, and must not pass for it any more.
    work.predictions("CNN-W", {"seed": 2}, made(times))
    work.predictions("CNN-W", {"seed": 1}, made(times))
    assert len(times) == 3


def test_figures_are_kept_too(work):
    for _ in range(2):
        assert work.figures("lengths", {}, lambda: {"SAVEE": {"3": 0.5}}) == {"SAVEE": {"3": 0.5}}
    assert json.loads((work.folder / "lengths.figures.json").read_text())["SAVEE"] == {"3": 0.5}


def test_a_step_that_fails_says_why_and_the_others_go_on(work, told):
    def fail():
        raise InputError("/home/me/corpora/RAMAS/a.mp4 is cut")

    assert work.predictions("CNN-W", {}, fail) is None
    assert work.failed == {"CNN-W": "…/a.mp4 is cut"}
    assert work.predictions("CNN-S", {}, made([])) is not None
    assert told[1] == "CNN-W: failed: …/a.mp4 is cut"


def test_a_defect_fails_its_step_alone_and_leaves_its_traceback(work):
    def defect():
        return {}["no such key"]

    assert work.figures("a/b", {}, defect) is None
    assert work.failed["a/b"] == "a defect: KeyError: 'no such key' (see work/a%2Fb.error.txt)"
    assert "in defect" in (work.folder / "a%2Fb.error.txt").read_text()


def test_a_step_may_be_named_after_any_folder():
    assert file_name("CNN-LSTM of ../x") == "CNN-LSTM-of-..%2Fx"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("/a/b/c.mp4: cut", "…/c.mp4: cut"),
        ("in '/my corpora/SAVEE/x y.avi'", "in '…/SAVEE/x y.avi'"),
        ("~/me/x.pt is of s3://bucket/k", "…/x.pt is of s3://bucket/k"),
        ("recall/precision and 1/2", "recall/precision and 1/2"),
        ("relative/folder/x.mp4", "relative/folder/x.mp4"),
    ],
)
def test_messages_lose_the_folders_of_this_machine(work, message, shown):
    assert work.told(InputError(message)) == shown
