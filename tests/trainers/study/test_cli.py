"""`python -m trainers study`, as it is typed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from streamfer.errors import UsageError
from tests.trainers.study.test_run import STILLS, write_stills
from trainers import predictions
from trainers.cli.main import app

SETTINGS = STILLS.replace("epochs = 1\nbatch = 16", "epochs = 4\nbatch = 4")


@pytest.fixture
def typed(tmp_path):
    """The command on a small corpus, but for --out."""
    write_stills(tmp_path / "corpora" / "mine", 60)
    (tmp_path / "study.toml").write_text(SETTINGS)
    return [
        "study",
        "--root",
        str(tmp_path / "corpora"),
        "--settings",
        str(tmp_path / "study.toml"),
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--experiments", "1,x"], "'1,x' is no list of numbers, such as 1,5,9"),
        (["--backbone", "experiment 2"], "'experiment 2', which is not among the experiments"),
        (["--backbone", "experiment 1"], "streamfer takes a resnet-50 with 512 neurons"),
        (["--methods", "CNN"], "methods holds CNN"),
        (["--profile", "mine"], "choose paper or released"),
        (["--corpora", "SAVEE"], "holds no SAVEE; it holds: mine"),
        (["--device", "abacus"], "device cannot be 'abacus'"),
    ],
)
def test_mistakes_are_told_before_anything_is_done(typed, tmp_path, options, told):
    result = CliRunner().invoke(app, [*typed, "--out", str(tmp_path / "report"), *options])
    assert isinstance(result.exception, UsageError)
    assert told in str(result.exception)
    assert not list(tmp_path.glob("report/predictions/*"))


def test_what_failed_is_an_exit_code_and_the_report_is_there(typed, tmp_path):
    (tmp_path / "corpora" / "SAVEE").mkdir()
    options = [
        "--out",
        str(tmp_path / "report"),
        "--experiments",
        "none",
        "--backbone",
        "none.onnx",
    ]
    result = CliRunner().invoke(app, [*typed, *options])
    assert result.exit_code == 3
    text = (tmp_path / "report" / "README.md").read_text("utf-8")
    assert "holds nothing of SAVEE" in text
    assert "- the backbone: " in text


@pytest.mark.slow
def test_a_study_killed_while_it_trains_ends_as_one_that_was_not(typed, tmp_path):
    def start(out):
        command = [sys.executable, "-m", "trainers", *typed, "--out", str(out)]
        return subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})

    assert start(tmp_path / "whole").wait() == 0
    killed = start(tmp_path / "killed")
    while not list((tmp_path / "killed").glob("work/experiment-1-*/checkpoint.pt")):
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "killed" / "README.md").exists()
    assert start(tmp_path / "killed").wait() == 0
    said = [
        predictions.read(tmp_path / name / "predictions" / "experiment-1.parquet")
        for name in ("whole", "killed")
    ]
    assert np.array_equal(said[0].probabilities, said[1].probabilities)
    reports = [(tmp_path / name / "README.md").read_text("utf-8") for name in ("whole", "killed")]
    assert reports[0] == reports[1]
