"""Training a backbone, and asking one that was trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from streamfer.emotion.backbone import load_backbone
from streamfer.errors import UsageError
from trainers.backbone.paper.pictures import ResizedStills
from trainers.backbone.paper.settings import SHIPPED, BackboneSettings
from trainers.backbone.paper.train import WEIGHTS, load, predict, train
from trainers.corpora.samples import Still
from trainers.fitting.settings import Fit

FIT = Fit(epochs=12, batch=7, lr=0.01, momentum=0.9)
TINY = BackboneSettings(family=SHIPPED, side=32, fit=FIT)
RESNET = BackboneSettings(side=32, dropout=0.0, fit=replace(FIT, epochs=2))


def test_a_backbone_learns_and_its_file_says_the_same_again(stills: list[Still], tmp_path: Path):
    settings = replace(TINY, affine=False)
    trained = train(settings, stills, stills[::2], tmp_path)
    assert trained.best.figures["uar"] > 0.8

    said = predict(trained.file, stills[::2], fold="official")

    assert said.corpus.tolist() == ["squares"] * 21
    assert said.sample.tolist() == [still.name for still in stills[::2]]
    assert said.participant.tolist() == [still.participant for still in stills[::2]]
    assert said.fold.tolist() == ["official"] * 21
    assert said.probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    right = said.probabilities.argmax(1) == said.labels
    assert right.mean() == pytest.approx(trained.best.figures["accuracy"])
    assert np.array_equal(said.probabilities, predict(trained, stills[::2], fold="x").probabilities)


def test_a_trained_resnet_50_is_a_backbone_of_streamfer(stills: list[Still], tmp_path: Path):
    trained = train(RESNET, stills[:14], stills[:7], tmp_path)

    backbone = load_backbone(str(trained.file))

    assert not backbone.crop.aligned
    faces = ResizedStills(stills[:2], 224, "area").stack([0, 1])
    embeddings, probabilities = backbone.predict(list(faces))
    net, settings = load(trained.file)
    assert settings == RESNET
    with torch.no_grad():
        x = torch.from_numpy(faces).permute(0, 3, 1, 2).float()
        assert embeddings == pytest.approx(net.embed(x).numpy(), rel=1e-3, abs=1e-4)
        assert probabilities == pytest.approx(torch.softmax(net(x), 1).numpy(), abs=1e-4)


def test_other_pictures_or_settings_are_refused(stills: list[Still], tmp_path: Path):
    short = replace(TINY, fit=replace(FIT, epochs=1))
    train(short, stills, stills, tmp_path)
    with pytest.raises(UsageError, match=r"made with taught pictures = 42 \(\w+\), not 41"):
        train(short, stills[1:], stills, tmp_path)
    with pytest.raises(UsageError, match="made with mixup = False, not True"):
        train(replace(short, mixup=True), stills, stills, tmp_path)


def test_weights_without_their_card_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"backbone\.pt needs its backbone\.json beside it"):
        load(tmp_path / WEIGHTS)


@pytest.mark.slow
def test_two_workers_train_a_resnet_50_as_one_process_does(stills: list[Still], tmp_path: Path):
    """With frozen batch norms: there are synchronised ones on GPUs only."""
    settings = replace(RESNET, fit=replace(RESNET.fit, frozen_norm=True, lr=1e-3, epochs=3))
    alone = train(settings, stills, stills[:7], tmp_path / "alone")
    together = train(settings, stills, stills[:7], tmp_path / "two", workers=2)
    losses = [epoch.loss for epoch in alone.history]
    assert [epoch.loss for epoch in together.history] == pytest.approx(losses, rel=1e-3)
    assert losses[-1] < losses[0]
