"""The methods that learn: their files, their settings, and training that was killed."""

import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from streamfer.config import Analysis
from streamfer.emotion.temporal.load import load_temporal_beside
from streamfer.errors import UsageError
from tests.trainers.temporal_paper.made import made
from trainers.fitting.checkpoint import NAME
from trainers.fitting.distributed import fit_distributed
from trainers.fitting.loop import fit
from trainers.protocols.folds import Fold
from trainers.temporal.export import write_method
from trainers.temporal.paper.settings import PROFILES, Temporal, for_few_data
from trainers.temporal.paper.teaching import WindowTask, recognise, teach
from trainers.temporal.paper.windows import lay_out

TRAIN = """
from pathlib import Path
from tests.trainers.temporal_paper.made import made
from tests.trainers.temporal_paper.test_teaching import FOLD, settings
from trainers.temporal.paper.teaching import teach
teach("cnn-lstm", made("A"), FOLD, settings(epochs=4), Path("""

FOLD = Fold("last", tuple(range(20)), tuple(range(20, 26)), tuple(range(26, 32)))


def settings(epochs: int = 1, **changes: object) -> Temporal:
    few = for_few_data(PROFILES["paper"])
    return replace(few, fit=replace(few.fit, epochs=epochs), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["cnn-svm", "cnn-gru"])
def test_what_was_taught_is_what_streamfer_runs(method: str, tmp_path: Path) -> None:
    corpus = made("A")
    net = teach(method, corpus, FOLD, settings(), tmp_path)
    analysis = settings().analysis(corpus.fps)
    file = tmp_path / "method.onnx"
    write_method(
        net,
        file,
        method=method,
        backbone_sha256=corpus.backbone_sha256,
        analysis=analysis,
        notes={"training_data": "A"},
    )
    running = load_temporal_beside(corpus.backbone_sha256, Analysis(temporal=str(file)), "cpu")
    windows = lay_out(corpus, analysis)
    # Weights are stored in half precision.
    assert running.recognise(windows.windows) == pytest.approx(recognise(net, windows), abs=0.01)


def test_dropout_and_class_weights_are_those_of_the_settings() -> None:
    corpus = made("A", labels=3)
    first = [n for n in FOLD.taught if corpus.clips[n].label == 0]
    others = [n for n in FOLD.taught if corpus.clips[n].label != 0]
    uneven = replace(FOLD, taught=(*first[:1], *others))
    task = WindowTask("cnn-lstm", corpus, uneven, settings(dropout=0.35))
    rates = {module.p for module in task.net.modules() if isinstance(module, torch.nn.Dropout)}
    assert rates == {0.35}

    plain = WindowTask("cnn-lstm", corpus, uneven, settings(class_weights="none"))
    plain.net.load_state_dict(task.net.state_dict())
    rows = np.arange(task.length)
    for one in (task, plain):
        one.net.eval()
    with torch.no_grad():
        ratio = task.losses(task.net, rows, 0) / plain.losses(plain.net, rows, 0)
    labels = lay_out(corpus, settings().analysis(5)).of(uneven.taught).labels
    counts = np.bincount(labels)
    assert ratio.numpy() == pytest.approx(len(labels) / (3 * counts[labels]), rel=1e-4)
    assert ratio.mean().item() == pytest.approx(1, rel=1e-4)


def test_the_watched_clips_are_measured_as_clips() -> None:
    corpus = made("A")
    task = WindowTask("cnn-lstm", corpus, FOLD, settings())
    torch.nn.init.zeros_(task.net.fc.weight)
    task.net.fc.bias.data = torch.eye(7)[1]
    found = task.watch(task.net.eval())
    happy = np.mean([corpus.clips[n].label == 1 for n in FOLD.watched])
    assert found["accuracy"] == pytest.approx(happy)
    assert found["uar"] == pytest.approx(0.5 if 0 < happy < 1 else happy)


def test_a_network_taught_with_other_settings_is_refused(tmp_path: Path) -> None:
    teach("cnn-gru", made("A"), FOLD, settings(), tmp_path)
    with pytest.raises(UsageError, match=r"made with dropout = 0\.2, not 0\.4"):
        teach("cnn-gru", made("A"), FOLD, settings(dropout=0.4), tmp_path)


@pytest.mark.slow
def test_a_training_that_was_killed_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    chosen = settings(epochs=4)
    whole = teach("cnn-lstm", made("A"), FOLD, chosen, tmp_path / "whole")
    killed = tmp_path / "killed"
    with subprocess.Popen([sys.executable, "-c", f"{TRAIN}{str(killed)!r}))"]) as process:
        while not (killed / NAME).exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    begun = len(torch.load(killed / NAME, weights_only=True)["history"])
    assert begun < 4
    after = teach("cnn-lstm", made("A"), FOLD, chosen, killed)
    for name, weights in whole.state_dict().items():
        assert torch.equal(weights, after.state_dict()[name])


@pytest.mark.slow
def test_two_workers_of_ray_train_have_the_loss_of_one(tmp_path: Path) -> None:
    chosen = settings(epochs=3, dropout=0.0)
    make_task = partial(WindowTask, "cnn-lstm", made("A"), FOLD, chosen)
    one = fit(make_task, chosen.fit, tmp_path / "one")
    two = fit_distributed(make_task, chosen.fit, tmp_path / "two", workers=2)
    losses = [[epoch.loss for epoch in fitted.history] for fitted in (one, two)]
    assert losses[0][0] > 1.2 * losses[0][-1]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
