"""The search over section 3.2.2, by Ray Tune."""

import itertools
import json
from pathlib import Path

import pytest
import torch

from streamfer.errors import UsageError
from trainers.backbone.paper import search
from trainers.backbone.paper.networks import network, read_state
from trainers.backbone.paper.settings import BackboneSettings
from trainers.corpora.samples import Still
from trainers.fitting.settings import Fit

LIKE = BackboneSettings(side=32, fit=Fit(epochs=1, batch=7))


def test_every_choice_of_the_paper_can_be_made():
    for key, values in search.SPACE.items():
        chosen = {name: others[0] for name, others in search.SPACE.items()}
        made = [search.settings_of(chosen | {key: value}, LIKE) for value in values]
        assert all(one != other for one, other in itertools.combinations(made, 2))
        assert all(one.fit.batch == 7 and one.side == 32 for one in made)


@pytest.mark.slow
def test_two_trials_are_made_once_and_kept(
    stills: list[Still], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    space = dict(search.SPACE) | {"family": ("resnet-50",), "freezing": ("all",)}
    monkeypatch.setattr(search, "SPACE", space)
    first = network(LIKE).state_dict()
    torch.save(first, tmp_path / "first.pt")

    def searched(watched: list[Still]) -> list[search.Trial]:
        initial = {"resnet-50": tmp_path / "first.pt"}
        asked = {"trials": 2, "seed": 1, "initial": initial}
        return search.search(LIKE, stills, stills[14:], watched, tmp_path, **asked)

    found = searched(stills[::6])
    assert len(found) == 2
    assert found[0].choices != found[1].choices
    assert all(trial.error == "" and 0 <= trial.uar <= 1 for trial in found)
    assert found[0].uar >= found[1].uar
    assert [trial["uar"] for trial in json.loads((tmp_path / search.FOUND).read_text())] == [
        trial.uar for trial in found
    ]
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("trials/*/checkpoint.pt")}
    assert len(stamps) == 2
    kernels = [name for name, value in first.items() if value.ndim == 4]
    for path in tmp_path.glob("trials/*/backbone.pt"):
        taught = read_state(path)
        assert all(torch.equal(taught[name], first[name]) for name in kernels)

    assert searched(stills[::6]) == found

    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    with pytest.raises(UsageError, match=r"search\.json is of another search"):
        searched(stills[1::6])  # as many, but others


def test_first_weights_are_of_a_family_that_is_tried_and_can_be_read(tmp_path: Path):
    for family, told in (("resnet", "no family 'resnet' to try"), ("vgg-16", "cannot be read")):
        initial = {family: tmp_path / "gone"}
        with pytest.raises(UsageError, match=told):
            search.search(LIKE, [], [], [], tmp_path, trials=1, initial=initial)
