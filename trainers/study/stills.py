"""The study's stages on pictures: Table 4's experiments, and what the chosen backbone says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Execution
from streamfer.emotion.backbone import Crop, load_backbone
from streamfer.errors import UsageError
from streamfer.faces.detector import Detector, load_detector
from streamfer.weights.runtime import Device, choose_device
from trainers.analysis.explain.photograph import find_face
from trainers.backbone.paper.divide import divide, minority
from trainers.backbone.paper.experiments import EXPERIMENTS
from trainers.backbone.paper.settings import BackboneSettings
from trainers.backbone.paper.train import CARD, WEIGHTS, predict, train, weights_digest
from trainers.corpora.pictures import load
from trainers.corpora.samples import Still
from trainers.predictions import Predictions
from trainers.study.findings import Findings, Network
from trainers.study.reading import samples_digest, stills_of
from trainers.study.settings import EXPERIMENT, Study
from trainers.study.work import Work, digest

PICTURES = "pictures to learn from"
"""The step of `choose_pictures`."""

UNKNOWN = "unknown"
"""The fold of predictions by a network that was not trained here: it may know the samples."""

_AT_ONCE = 256

_PREFERRED = ("AffectNet", "FER2013")
"""Of which the first that is there is taught, and the next gives what is added to it."""


@dataclass(frozen=True)
class Pictures:
    """What backbones learn from: `added` are the rarer expressions of another corpus."""

    taught: Sequence[Still]
    watched: Sequence[Still]
    added: Sequence[Still]


def choose_pictures(found: Findings) -> Pictures | None:
    """AffectNet and the minority of FER2013 (section 4.1), or what else is there in their place.

    None: no corpus of pictures is there.

    Raises:
        UsageError: The corpus has nothing to learn from, or nothing to watch.
    """
    there = stills_of(found)
    names = [name for name in _PREFERRED if name in there]
    names += sorted(there.keys() - set(_PREFERRED))
    if not names:
        return None
    taught, watched = divide(there[names[0]])
    added = minority(divide(there[names[1]])[0]) if len(names) > 1 else []
    return Pictures(taught, watched, added)


def run_experiments(study: Study, pictures: Pictures | None, work: Work, found: Findings) -> None:
    """Train and measure the experiments of Table 4 that the study asks for."""
    for number in EXPERIMENTS:
        name = f"{EXPERIMENT}{number}"
        settings = study.experiment(number, EXPERIMENTS[number])
        if number not in study.experiments:
            found.absent[name] = "not asked for"
        elif pictures is None:
            found.absent[name] = work.failed.get(PICTURES, "no corpus of pictures is there")
        elif settings.minority and not pictures.added:
            found.absent[name] = (
                "there is no second corpus of pictures whose rarer expressions could be added "
                "(setting training.minority)"
            )
        else:
            _run_experiment(number, settings, pictures, study, work, found)


def _run_experiment(
    number: int,
    settings: BackboneSettings,
    pictures: Pictures,
    study: Study,
    work: Work,
    found: Findings,
) -> None:
    name = f"{EXPERIMENT}{number}"
    taught = [*pictures.taught, *(pictures.added if settings.minority else ())]
    first = study.first_weights.get(settings.family)
    sha256 = work.attempt(name, partial(weights_digest, Path(first))) if first else None
    if name in work.failed:
        found.absent[name] = work.failed[name]
        return
    given = {
        "settings": asdict(settings),
        "first weights": sha256,
        "taught": samples_digest(taught),
        "watched": samples_digest(pictures.watched),
    }
    fold = "official" if pictures.watched[0].split else "held out"
    folder = work.folder / f"{name.replace(' ', '-')}-{digest(given)}"

    def make() -> Predictions:
        trained = train(
            settings,
            taught,
            pictures.watched,
            folder,
            workers=study.training_workers,
            device=workers_device(study.execution),
            initial=Path(first) if first else None,
            address=study.execution.address,
        )
        return predict(trained, pictures.watched, fold=fold, device=_device_here(study.execution))

    said = work.predictions(name, given, make)
    if said is None:
        found.absent[name] = work.failed[name]
        return
    found.experiments[number] = said
    found.trained[number] = folder / WEIGHTS
    card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
    found.networks.append(Network(f"Table 4, {name}", settings.family, card["sha256"]))


def _device_here(execution: Execution) -> Device:
    """Where networks run in this process: if workers elsewhere have the GPUs, on the processor."""
    return choose_device("auto" if execution.device == "cuda" else execution.device)


def backbone_file(study: Study, found: Findings) -> str:
    """The chosen backbone as `streamfer run --backbone` takes it.

    Raises:
        UsageError: It is an experiment that has not ended well.
    """
    name = study.backbone
    if not name.startswith(EXPERIMENT):
        return name
    trained = found.trained.get(int(name.removeprefix(EXPERIMENT)))
    if trained is None:
        raise UsageError(f"its backbone is {name}, which is absent: {found.absent[name]}")
    return str(trained)


def measure_backbone(study: Study, pictures: Pictures | None, work: Work, found: Findings) -> None:
    """What the chosen backbone says of the pictures that are watched (Table 5, Figure 6)."""
    if study.backbone.startswith(EXPERIMENT):
        said = found.experiments.get(int(study.backbone.removeprefix(EXPERIMENT)))
    elif pictures is None:
        return
    else:
        watched = pictures.watched
        loaded = work.attempt(
            "the backbone",
            lambda: (
                load_backbone(study.backbone, weights=study.analysis.weights),
                detector_of(study),
            ),
        )
        if loaded is None:
            return
        backbone, detector = loaded
        given = {
            "backbone": backbone.sha256,
            "watched": samples_digest(watched),
            "detector": [detector.sha256, study.analysis.min_score],
        }

        def make() -> Predictions:
            parts = []
            for start in range(0, len(watched), _AT_ONCE):
                some = watched[start : start + _AT_ONCE]
                faces = [face_of_still(still, backbone.crop, detector) for still in some]
                parts.append(backbone.predict(faces)[1])
            return Predictions.of(watched, UNKNOWN, np.concatenate(parts))

        said = work.predictions("the backbone on pictures", given, make)
    if said is not None:
        found.best = (shown_name(study), said)


def face_of_still(still: Still, crop: Crop, detector: Detector) -> NDArray[np.uint8]:
    """A picture's face as a backbone wants it, uint8 (H, W, 3) RGB.

    One that wants aligned faces gets the face that is found in the picture. If none is found, as
    in pictures as small as FER2013's, and for other backbones, the picture is the face.
    """
    picture = load(still)
    found = find_face(picture, detector, crop) if crop.aligned else None
    return found.face if found else picture


def detector_of(study: Study) -> Detector:
    """What finds faces in pictures, as the study has it."""
    return load_detector(study.analysis.detector, min_score=study.analysis.min_score)


def workers_device(execution: Execution) -> str:
    """Where workers train: on a cluster what is asked for, since this machine may have no GPU."""
    if execution.address and execution.device == "cuda":
        return "cuda"
    return choose_device(execution.device)


def shown_name(study: Study) -> str:
    """The chosen backbone in few words."""
    return Path(study.backbone).stem if "/" in study.backbone else study.backbone
