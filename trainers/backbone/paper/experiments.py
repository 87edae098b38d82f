"""Table 4: the nine experiments, each what the one before it taught, and one thing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from trainers.analysis import printed
from trainers.backbone.paper.settings import PROFILES, BackboneSettings
from trainers.fitting.settings import Fit

_1 = BackboneSettings()
_2 = replace(_1, minority=True)
_3 = replace(_2, fit=Fit(weight_decay=1e-4))
_4 = replace(_3, noise=0.1)
_5 = replace(_4, fit=replace(_4.fit, schedule="cosine", cycles=5))

EXPERIMENTS: Mapping[int, BackboneSettings] = MappingProxyType(
    {
        1: _1,
        2: _2,
        3: _3,
        4: _4,
        5: _5,
        6: replace(_4, fit=replace(_4.fit, schedule="time-based")),
        7: replace(_4, family="vgg-16"),
        8: replace(_5, family="mobilenet-v2"),
        9: PROFILES["paper"],
    }
)

ADDED = MappingProxyType(
    {
        1: "ResNet-50",
        2: "+ minority classes of another corpus",
        3: "+ L2",
        4: "+ Gaussian noise",
        5: "+ cosine annealing",
        6: "4 + time-based rate",
        7: "4 with VGG-16",
        8: "5 with MobileNet-V2",
        9: "5 + mixup",
    }
)
"""What each experiment is, in words."""

PRINTED = printed.EXPERIMENTS
"""Accuracy in per cent on AffectNet's development set, as the paper prints it."""
