"""Table 4 and a cross-corpus table in a size that two cores finish, with the pictures at hand.

Without AffectNet and VGGFace2's weights its figures cannot be the paper's, and its networks see
some thousand pictures, not hundreds of thousands. It shows that the nine experiments run, and
what each change does here. Part of FER2013 stands for AffectNet, and press faces add their rarer
expressions, as FER2013's are added in the paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

# The session comes first: it tells Ray, before it is imported, to report to nobody.
from streamfer.cluster.session import session  # isort: skip

import numpy as np
import ray
import torch

from streamfer.emotion.labels import EMOTIONS
from streamfer.store.durable import write_file
from trainers import metrics
from trainers.backbone.paper.divide import divide, minority, sample
from trainers.backbone.paper.experiments import ADDED, EXPERIMENTS, PRINTED
from trainers.backbone.paper.settings import SHIPPED, BackboneSettings
from trainers.backbone.paper.small_tables import TABLE
from trainers.backbone.paper.train import Trained, predict, train
from trainers.corpora.samples import Still
from trainers.fitting.settings import Fit
from trainers.predictions import Predictions

Start = Literal["random", "recognition"]
"""First weights: random ones of the paper's networks; or those of a face recognition network, in
the network that streamfer ships, for ResNet-50 with VGGFace2's."""

TAUGHT = 2000
WATCHED_EACH = 150  # of an expression, as early stopping sees them; all, if there are fewer

OVERLAYS: Mapping[Start, Fit] = MappingProxyType(
    {
        "random": Fit(epochs=2, batch=16, lr=0.001, momentum=0.9),
        "recognition": Fit(epochs=6, batch=32, lr=0.001, momentum=0.9),
    }
)
"""What is other than in the paper: fewer epochs, and higher rates in smaller batches, since there
are few steps. The pictures are 32 pixels wide, or 96, the shipped network's size."""


@dataclass(frozen=True)
class Row:
    """One experiment's result on FER2013's development set, in per cent.

    unwatched: those of its pictures that early stopping did not see.
    """

    experiment: int
    what: str
    start: Start
    seed: int
    taught: int
    epochs: int
    best_epoch: int
    measured: int
    uar: float
    accuracy: float
    unwatched: int
    unwatched_uar: float
    unwatched_accuracy: float
    printed: float
    seconds: float


def small(settings: BackboneSettings, start: Start, seed: int) -> BackboneSettings:
    """An experiment's settings in small: its own schedule, L2 and all else; see `OVERLAYS`."""
    overlay = OVERLAYS[start]
    fit = replace(
        settings.fit,
        epochs=overlay.epochs,
        batch=overlay.batch,
        lr=overlay.lr,
        momentum=overlay.momentum,
        precision="bfloat16",
        seed=seed,
    )
    if start == "recognition":
        return replace(settings, family=SHIPPED, side=96, fit=fit)
    return replace(settings, side=32, fit=fit)


def experiments(start: Start) -> list[int]:
    """Those that can be done: the shipped network stands for ResNet-50 only."""
    fitting = [n for n, one in EXPERIMENTS.items() if one.family == "resnet-50"]
    return fitting if start == "recognition" else list(EXPERIMENTS)


@dataclass(frozen=True)
class Crossed:
    """What a network that was taught one corpus says of a held-out part, in per cent."""

    taught: str
    measured: str
    start: Start
    seed: int
    taught_pictures: int
    measured_pictures: int
    uar: float
    accuracy: float


def experiment(
    number: int,
    start: Start,
    seed: int,
    fer2013: Sequence[Still],
    press: Sequence[Still],
    out: Path,
    initial: Path | None,
) -> Row:
    """Do one of the nine; what it says of the development set is kept as Parquet beside it."""
    settings = small(EXPERIMENTS[number], start, seed)
    all_taught, watched = divide(fer2013)
    taught = thinned(all_taught, seed)
    if settings.minority:
        taught += minority(press)
    trained = _trained(settings, taught, watched, out, initial)
    said = predict(trained, watched, fold="official")
    said.write(out / "predictions.parquet")
    unwatched = said.where(~np.isin(said.sample, [still.name for still in seen(watched)]))
    return Row(
        number,
        ADDED[number],
        start,
        seed,
        len(taught),
        settings.fit.epochs,
        trained.best.epoch,
        len(said),
        *scores(said),
        len(unwatched),
        *scores(unwatched),
        PRINTED[number],
        round(sum(epoch.seconds for epoch in trained.history)),
    )


def cross(
    corpora: Mapping[str, Sequence[Still]],
    taught: str,
    start: Start,
    seed: int,
    out: Path,
    initial: Path | None,
) -> list[Crossed]:
    """Teach one corpus, with experiment 9's settings, and measure the held-out parts of all."""
    settings = small(EXPERIMENTS[9], start, seed)
    given, watched = divide(corpora[taught])
    given = thinned(given, seed)
    trained = _trained(settings, given, watched, out, initial)
    found = []
    for name, stills in corpora.items():
        said = predict(trained, divide(stills)[1], fold=f"taught {taught}")
        said.write(out / f"{name}.parquet")
        found.append(Crossed(taught, name, start, seed, len(given), len(said), *scores(said)))
    return found


def thinned(stills: Sequence[Still], seed: int) -> list[Still]:
    """`TAUGHT` pictures, or all if there are fewer, with their shares of the expressions kept."""
    share = min(1.0, TAUGHT / len(stills))
    counts = np.bincount([still.label for still in stills], minlength=len(EMOTIONS))
    return sample(stills, np.round(counts * share).astype(int).tolist(), seed)


def seen(watched: Sequence[Still]) -> list[Still]:
    """Those of the held-out pictures by which the best epoch is chosen."""
    return sample(watched, [WATCHED_EACH] * len(EMOTIONS), seed=0)


def _trained(
    settings: BackboneSettings,
    taught: Sequence[Still],
    watched: Sequence[Still],
    out: Path,
    initial: Path | None,
) -> Trained:
    torch.set_num_threads(1)
    return train(settings, taught, seen(watched), out, initial=initial)


def scores(said: Predictions) -> tuple[float, float]:
    """UAR and accuracy in per cent."""
    found = metrics.scores(said.labels, said.probabilities)
    return round(100 * found["uar"], 1), round(100 * found["accuracy"], 1)


def run(
    fer2013: Sequence[Still],
    press: Sequence[Still],
    out: Path,
    *,
    seed: int,
    initial: Path | None,
    address: str | None = None,
) -> None:
    """Do all experiments that can be done, and both directions of the cross-corpus table.

    With `initial`, the folder of the face recognition network, its start is "recognition". As
    many run at once as there are cores; the same call goes on after a kill. Writes `TABLE` in
    `out`.
    """
    start: Start = "recognition" if initial else "random"
    out = out.absolute()
    corpora = {"FER2013": fer2013, "press": press}
    folder = out / f"{start}-{seed}"
    with session(address, 0):
        one = ray.remote(num_cpus=1, max_retries=3)(experiment)
        other = ray.remote(num_cpus=1, max_retries=3)(cross)
        stills = {name: ray.put(corpus) for name, corpus in corpora.items()}
        rows = [
            one.remote(n, start, seed, *stills.values(), folder / str(n), initial)
            for n in experiments(start)
        ]
        given = ray.put(corpora)
        crossed = [
            other.remote(given, name, start, seed, folder / f"taught {name}", initial)
            for name in corpora
        ]
        table = {
            "experiments": [asdict(row) for row in ray.get(rows)],
            "cross-corpus": [asdict(one) for found in ray.get(crossed) for one in found],
        }
    write_file(folder / TABLE, json.dumps(table, indent=1).encode())
