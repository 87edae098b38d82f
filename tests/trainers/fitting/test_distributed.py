"""Fitting in Ray Train's workers."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
import torch

from streamfer.cluster.session import session
from streamfer.errors import UsageError
from tests.trainers.fitting.tiny import SETTINGS, Making, Sequences
from trainers.fitting import checkpoint
from trainers.fitting.checkpoint import NAME, Fitted
from trainers.fitting.distributed import fit_distributed
from trainers.fitting.loop import fit


@pytest.fixture(scope="module", autouse=True)
def ray_here() -> Iterator[None]:
    """One Ray for the tests of this file, which wants seconds to start."""
    with session(None, 2):
        yield


def losses(fitted: Fitted) -> list[float]:
    return [epoch.loss for epoch in fitted.history]


def close(one: Fitted, other: Fitted) -> None:
    assert losses(one) == pytest.approx(losses(other), rel=1e-4)
    for name, value in one.state.items():
        torch.testing.assert_close(value, other.state[name], rtol=1e-3, atol=1e-4)


def test_two_workers_learn_what_one_process_does(tmp_path: Path):
    alone = fit(Making(), SETTINGS, tmp_path / "alone")
    together = fit_distributed(Making(), SETTINGS, tmp_path / "two", workers=2)
    close(together, alone)
    assert losses(together) != losses(alone)  # they did divide the batches


@pytest.mark.slow
def test_workers_that_die_are_replaced_and_what_is_begun_can_be_ended_elsewhere(tmp_path: Path):
    making = Making(dies_in=3, mark=tmp_path / "mark")
    together = fit_distributed(making, SETTINGS, tmp_path / "two", workers=2)
    assert making.mark.exists()
    close(together, fit(Making(), SETTINGS, tmp_path / "alone"))
    assert losses(fit(Making(), SETTINGS, tmp_path / "two")) == losses(together)


def test_another_configuration_and_too_few_cores_are_refused_before_work_begins(tmp_path: Path):
    fit(Making(), replace(SETTINGS, epochs=1), tmp_path)
    with pytest.raises(UsageError, match="made with epochs = 1, not 6"):
        fit_distributed(Making(), SETTINGS, tmp_path, workers=2)
    with pytest.raises(UsageError, match="50 workers want as many CPUs"):
        fit_distributed(Making(), SETTINGS, tmp_path / "new", workers=50)


@dataclass(frozen=True)
class Refusing:
    """Refuses to make a task, as where first weights do not fit; a mark for each time."""

    marks: Path

    def __call__(self) -> Sequences:
        (self.marks / uuid4().hex).touch()
        raise UsageError("weights.pt does not fit")


def test_what_the_user_has_to_mend_is_told_at_once(tmp_path: Path):
    marks = tmp_path / "marks"
    marks.mkdir()
    with pytest.raises(UsageError, match=r"weights\.pt does not fit"):
        fit_distributed(Refusing(marks), SETTINGS, tmp_path / "out", workers=1)
    assert len(list(marks.iterdir())) == 1


@pytest.mark.slow
def test_a_killed_driver_is_followed_by_one_that_goes_on(tmp_path: Path):
    out = tmp_path / "two"
    command = [sys.executable, "-m", "tests.trainers.fitting.tiny", "workers", str(out)]
    with subprocess.Popen(command) as driver:
        while not (out / NAME).exists():
            assert driver.poll() is None
            time.sleep(0.05)
        driver.send_signal(signal.SIGKILL)
    first = checkpoint.read(out, SETTINGS, {})
    assert first is not None
    assert len(first.history) < SETTINGS.epochs

    together = fit_distributed(Making(), SETTINGS, out, workers=2)

    assert together.history[: len(first.history)] == first.history
    close(together, fit(Making(), SETTINGS, tmp_path / "alone"))
