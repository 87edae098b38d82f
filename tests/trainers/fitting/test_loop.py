"""The training loop in one process."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from streamfer.errors import UsageError
from tests.trainers.fitting.tiny import SETTINGS, Making, Sequences
from trainers.fitting.checkpoint import NAME
from trainers.fitting.loop import fit
from trainers.fitting.settings import Fit


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_sequences_are_learnt_and_the_best_epoch_is_kept(tmp_path: Path):
    fitted = fit(Making(), SETTINGS, tmp_path)
    assert [epoch.epoch for epoch in fitted.history] == [1, 2, 3, 4, 5, 6]
    assert fitted.history[-1].loss < fitted.history[0].loss / 2
    task = Sequences(0.0)
    task.net.load_state_dict(fitted.state)
    assert task.watch(task.net.eval())["uar"] == fitted.best.figures["uar"] > 0.9


def test_a_killed_fit_goes_on_to_the_same_weights_and_tensorboard_shows_each_epoch_once(
    tmp_path: Path,
):
    killed = tmp_path / "killed"
    killed.mkdir()
    command = [sys.executable, "-m", "tests.trainers.fitting.tiny", "3", str(killed)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    unstopped = fit(Making(0.3), SETTINGS, tmp_path / "unstopped")

    resumed = fit(Making(0.3), SETTINGS, killed)

    assert same(resumed.state, unstopped.state)
    losses = [epoch.loss for epoch in unstopped.history]
    assert [epoch.loss for epoch in resumed.history] == losses
    events = EventAccumulator(str(killed))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"loss", "lr", "uar"}
    shown = [(event.step, event.value) for event in events.Scalars("loss")]
    assert shown == [(step, pytest.approx(loss)) for step, loss in enumerate(losses, start=1)]


def test_the_same_call_again_has_nothing_to_do(tmp_path: Path):
    first = fit(Making(), SETTINGS, tmp_path)
    stamp = (tmp_path / NAME).stat().st_mtime_ns
    assert fit(Making(), SETTINGS, tmp_path).history == first.history
    assert (tmp_path / NAME).stat().st_mtime_ns == stamp


def test_a_checkpoint_of_another_configuration_is_refused_by_the_setting(tmp_path: Path):
    fit(Making(), SETTINGS, tmp_path, about={"corpus": "RAVDESS"})
    with pytest.raises(UsageError, match=r"made with lr = 0\.2, not 0\.1"):
        fit(Making(), replace(SETTINGS, lr=0.1), tmp_path, about={"corpus": "RAVDESS"})
    with pytest.raises(UsageError, match="made with corpus = RAVDESS, not SAVEE"):
        fit(Making(), SETTINGS, tmp_path, about={"corpus": "SAVEE"})


def test_what_is_no_checkpoint_is_refused(tmp_path: Path):
    (tmp_path / NAME).write_bytes(b"not torch's")
    with pytest.raises(UsageError, match=r"checkpoint\.pt is no checkpoint"):
        fit(Making(), SETTINGS, tmp_path)


def test_no_code_of_a_checkpoint_is_run(tmp_path: Path):
    torch.save({"settings": np.random.default_rng}, tmp_path / NAME)
    with pytest.raises(UsageError, match=r"checkpoint\.pt is no checkpoint"):
        fit(Making(), SETTINGS, tmp_path)


class Scripted(Sequences):
    """Says of its epochs what it is told to; nobody else's figures are as easy to foresee."""

    def __init__(self, uars: list[float]) -> None:
        super().__init__(0.0)
        self.uars = iter(uars)

    def watch(self, net: nn.Module) -> dict[str, float]:
        return {"uar": next(self.uars)}


def test_patience_ends_a_fit_and_the_first_of_equals_is_kept(tmp_path: Path):
    settings = replace(SETTINGS, patience=2)
    fitted = fit(lambda: Scripted([0.1, 0.5, 0.5, 0.4, 0.9]), settings, tmp_path / "patient")
    assert len(fitted.history) == 4
    assert fitted.best.epoch == 2
    unstopped = fit(lambda: Scripted([0.1, 0.5, 0, 0, 0, 0]), SETTINGS, tmp_path / "all")
    assert len(unstopped.history) == 6
    assert same(unstopped.state, fitted.state)


class Square:
    """One weight and one bias, pulled by nothing but L2."""

    length = 1

    def __init__(self) -> None:
        self.net: nn.Module = nn.Linear(1, 1)
        nn.init.ones_(self.net.weight)
        nn.init.ones_(self.net.bias)

    def losses(self, net: nn.Module, chosen: np.ndarray, epoch: int) -> Tensor:
        return net(torch.zeros(len(chosen), 1)).squeeze(1) * 0

    def watch(self, net: nn.Module) -> dict[str, float]:
        return {}


@pytest.mark.parametrize("lr", [0.1, 0.02])
def test_l2_pulls_kernels_as_keras_does_and_nothing_else(tmp_path: Path, lr: float):
    settings = Fit(epochs=1, batch=1, lr=lr, weight_decay=0.3)
    state = fit(Square, settings, tmp_path).state
    # The gradient of 0.3 w² at w = 1 is 0.6.
    assert float(state["weight"]) == pytest.approx(1 - lr * 0.6)
    assert float(state["bias"]) == 1


class Mean(Square):
    """Predicts each sample's number by one bias, so that the gradient is known by hand."""

    length = 5

    def losses(self, net: nn.Module, chosen: np.ndarray, epoch: int) -> Tensor:
        goal = torch.from_numpy(chosen.astype(np.float32))
        return (net(torch.zeros(len(chosen), 1)).squeeze(1) - goal) ** 2


def test_a_step_follows_the_mean_loss_of_its_batch(tmp_path: Path):
    fitted = fit(Mean, Fit(epochs=1, batch=5, lr=0.1), tmp_path)
    # Goals 0..4, bias 1: losses 1, 0, 1, 4, 9 with the mean 3; the gradient is 2 (1 - 2) = -2.
    assert fitted.history[0].loss == pytest.approx(3)
    assert float(fitted.state["bias"]) == pytest.approx(1.2)


def test_bfloat16_learns_nearly_the_same(tmp_path: Path):
    exact = fit(Making(), SETTINGS, tmp_path / "float32")
    rounded = fit(Making(), replace(SETTINGS, precision="bfloat16"), tmp_path / "bfloat16")
    assert not same(exact.state, rounded.state)
    assert all(value.dtype == torch.float32 for value in rounded.state.values())
    assert rounded.history[-1].loss == pytest.approx(exact.history[-1].loss, abs=0.1)


def test_float16_without_a_gpu_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="wants a GPU"):
        fit(Making(), replace(SETTINGS, precision="float16"), tmp_path)


def test_a_loss_that_explodes_is_told(tmp_path: Path):
    with pytest.raises(UsageError, match=r"The loss of epoch \d is (nan|inf)"):
        fit(Mean, Fit(epochs=5, batch=1, lr=1e20), tmp_path)


class Normed(Square):
    """A batch norm whose statistics follow what it sees, unless they are frozen."""

    length = 8

    def __init__(self) -> None:
        self.net = nn.Sequential(nn.BatchNorm1d(1), nn.Linear(1, 1))

    def losses(self, net: nn.Module, chosen: np.ndarray, epoch: int) -> Tensor:
        return net(torch.full((len(chosen), 1), 3.0) + torch.randn(len(chosen), 1)).squeeze(1) ** 2


@pytest.mark.parametrize("frozen", [False, True])
def test_frozen_batch_norms_keep_their_statistics(tmp_path: Path, frozen: bool):
    settings = Fit(epochs=1, batch=4, lr=0.01, frozen_norm=frozen)
    state = fit(Normed, settings, tmp_path).state
    assert (float(state["0.running_mean"]) == 0) == frozen
    assert float(state["0.weight"]) != 1
