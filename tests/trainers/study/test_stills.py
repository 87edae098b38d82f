"""What the study's experiments are made from, and where they run."""

import json

import pytest
import torch

from streamfer.config import Execution
from streamfer.errors import UsageError
from streamfer.weights.runtime import choose_device
from tests.trainers.study.test_run import STILLS, write_stills
from trainers.backbone.paper.experiments import EXPERIMENTS
from trainers.backbone.paper.networks import network
from trainers.study.run import run_study
from trainers.study.settings import load
from trainers.study.stills import workers_device


@pytest.fixture
def study(tmp_path):
    weights = tmp_path / "first.pt"
    text = STILLS + f'[first_weights]\nexpression-net = "{weights}"\n'
    (tmp_path / "study.toml").write_text(text)
    write_stills(tmp_path / "corpora" / "mine", 28)
    return load(tmp_path / "study.toml", {})


def test_first_weights_that_are_not_there_cost_their_experiment_alone(study, tmp_path):
    found = run_study(tmp_path / "corpora", tmp_path / "report", study, lambda _: None)
    assert "first.pt cannot be read" in found.absent["experiment 1"]
    assert list(found.failed) == ["experiment 1"]
    assert found.best is not None
    assert set(found.best[1].fold) == {"unknown"}  # it is the default, not trained here


def test_replaced_first_weights_are_other_first_weights(study, tmp_path):
    kept = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        net = network(study.experiment(1, EXPERIMENTS[1]))
        torch.save(net.state_dict(), tmp_path / "first.pt")
        run_study(tmp_path / "corpora", tmp_path / "report", study, lambda _: None)
        kept.append(json.loads((tmp_path / "report/work/experiment-1.json").read_text()))
    assert kept[0]["first weights"] != kept[1]["first weights"]


def test_workers_of_a_cluster_get_the_gpu_that_this_machine_lacks():
    assert workers_device(Execution(device="cuda", address="auto")) == "cuda"
    assert workers_device(Execution(device="cpu", address="auto")) == "cpu"
    try:
        choose_device("cuda")
    except UsageError:
        with pytest.raises(UsageError, match="No CUDA device"):
            workers_device(Execution(device="cuda"))
