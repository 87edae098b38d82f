"""The search over section 3.2.2, by Ray Tune."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from streamfer.errors import UsageError
from trainers.backbone.paper import search
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
    monkeypatch.setattr(search, "SPACE", dict(search.SPACE) | {"family": ("resnet-50",)})
    found = search.search(LIKE, stills, stills[14:], stills[::6], tmp_path, trials=2, seed=1)
    assert len(found) == 2
    assert found[0].choices != found[1].choices
    assert all(trial.error == "" and 0 <= trial.uar <= 1 for trial in found)
    assert found[0].uar >= found[1].uar
    assert [trial["uar"] for trial in json.loads((tmp_path / search.FOUND).read_text())] == [
        trial.uar for trial in found
    ]
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("trials/*/checkpoint.pt")}
    assert len(stamps) == 2

    again = search.search(LIKE, stills, stills[14:], stills[::6], tmp_path, trials=2, seed=1)

    assert again == found
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    with pytest.raises(UsageError, match=r"search\.json is of another search"):
        search.search(replace(LIKE, side=34), stills, [], stills, tmp_path, trials=2)
