"""What the paper leaves open and this study has fixed: constants, told in the report."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trainers.backbone.paper.divide import HELD_OUT
from trainers.backbone.paper.pictures import CONTRAST, ROTATION, SHIFT, ZOOM
from trainers.backbone.paper.task import LOGARITHMIC_SHARE
from trainers.corpora.ramas import SHORTEST_S
from trainers.protocols.folds import WATCHED
from trainers.temporal.paper.settings import MOSTLY, SURROUNDINGS_S

CHOSEN: Mapping[str, str] = MappingProxyType(
    {
        "Training pictures, turned": f"by up to {ROTATION:g}° either way",
        "zoomed": f"by up to {ZOOM:.0%}, in or out",
        "shifted": f"by up to {SHIFT:.0%} of the side",
        "mirrored": "half of them",
        "with another contrast": f"by up to {CONTRAST:.0%}, more or less",
        "Dropout of the backbone": "after the first dense layer only",
        "Logarithmic class weights": f"log({LOGARITHMIC_SHARE:g} · N / n), at least 1",
        "Pictures without an official division": f"1 participant in {HELD_OUT} is held out",
        "Early stopping of temporal methods": f"watches 1 participant in {WATCHED} of the taught",
        "A window teaches": f"if {MOSTLY:.0%} of its faces or more lie in the clip's span",
        "Around a clip of AffWild2": f"{SURROUNDINGS_S} s more of the face are kept",
        "Clips of RAMAS": f"last at least {SHORTEST_S:g} s",
    }
)
