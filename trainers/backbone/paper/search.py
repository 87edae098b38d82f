"""The search of section 3.2.2, by Ray Tune: settings drawn by chance, each trained and watched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

# The session comes first: it tells Ray, before it is imported, to report to nobody.
from streamfer.cluster.session import session  # isort: skip

import ray
from ray import tune
from ray.tune.search.basic_variant import BasicVariantGenerator

from streamfer.errors import UsageError
from streamfer.store.durable import make_folder, write_file
from trainers.backbone.families import FAMILIES
from trainers.backbone.paper.settings import BackboneSettings
from trainers.backbone.paper.train import names, train, weights_digest
from trainers.corpora.samples import Still

SPACE: Mapping[str, Sequence[Any]] = MappingProxyType(
    {
        "schedule": ("constant", "time-based", "piecewise", "cosine"),
        "optimiser": ("sgd", "adam"),
        "lr": (1e-3, 1e-4, 1e-5),
        "weight_decay": (0.0, 1e-4),
        "family": FAMILIES,
        "neurons": (256, 512, 1024),
        "class_weights": ("inverse", "logarithmic"),
        "dropout": (0.0, 0.2),
        "noise": (0.0, 0.1),
        "freezing": ("none", "all", "up to the last convolution"),
        "affine": (False, True),
        "minority": (False, True),
        "mixup": (False, True),
    }
)
"""All that the paper varied. 1024 neurons are 1048 in print."""

_FIT = ("schedule", "optimiser", "lr", "weight_decay")
ASKED = "search.json"
FOUND = "trials.json"


@dataclass(frozen=True)
class Trial:
    """One try. uar: of its best epoch, 0..1; None if it failed, and `error` says why."""

    choices: dict[str, Any]
    uar: float | None
    error: str


def settings_of(choices: Mapping[str, Any], like: BackboneSettings) -> BackboneSettings:
    """The settings that one draw from `SPACE` means; all else is as in `like`."""
    fit = replace(like.fit, **{key: choices[key] for key in _FIT})
    rest = {key: value for key, value in choices.items() if key not in _FIT}
    return replace(like, fit=fit, **rest)


def search(
    like: BackboneSettings,
    taught: Sequence[Still],
    rarer: Sequence[Still],
    watched: Sequence[Still],
    out: Path,
    *,
    trials: int,
    seed: int = 0,
    device: str = "cpu",
    initial: Mapping[str, Path] = MappingProxyType({}),
    address: str | None = None,
) -> list[Trial]:
    """Try `trials` settings from `SPACE`, as many at once as there are cores or GPUs.

    `rarer` are the pictures of another corpus, which are taught too where the draw says
    `minority`. `initial` are first weights by family, as `train` takes them; a family without any
    begins at random, also where the draw freezes its convolutions. The same call goes on after a
    kill, each trial from its last epoch. The trials, the best first, are also written to `FOUND`
    in `out`.

    Raises:
        UsageError: `out` holds another search, or first weights cannot be read.
    """
    if unknown := sorted(initial.keys() - set(SPACE["family"])):
        raise UsageError(
            f"There is no family {unknown[0]!r} to try; there are: {', '.join(SPACE['family'])}."
        )
    initial = {family: path.absolute() for family, path in initial.items()}
    out = out.absolute()
    make_folder(out)
    asked = {
        "like": asdict(like),
        "trials": trials,
        "seed": seed,
        "first weights": {family: weights_digest(initial[family]) for family in sorted(initial)},
        "taught": names(taught),
        "rarer": names(rarer),
        "watched": names(watched),
    }
    _hold(out / ASKED, json.dumps(asked, indent=1))
    with nullcontext() if ray.is_initialized() else session(address, 0):
        pictures = (tuple(taught), tuple(rarer), tuple(watched))
        task = tune.with_parameters(
            _try, like=like, pictures=pictures, initial=initial, out=out, device=device
        )
        task = tune.with_resources(task, {"cpu": 1, "gpu": int(device == "cuda")})
        begun = str(out / "ray")
        if tune.Tuner.can_restore(begun):
            tuner = tune.Tuner.restore(
                begun, task, resume_unfinished=True, resume_errored=True, param_space=_space()
            )
        else:
            tuner = tune.Tuner(
                task,
                param_space=_space(),
                tune_config=tune.TuneConfig(
                    num_samples=trials,
                    search_alg=BasicVariantGenerator(random_state=seed),
                ),
                run_config=tune.RunConfig(name="ray", storage_path=str(out), verbose=0),
            )
        results = tuner.fit()
    found = [
        Trial(
            dict(result.config),
            None if result.error else float(result.metrics["uar"]),
            str(result.error or ""),
        )
        for result in results
    ]
    # Ray gives them in any order, and small sets know many ties.
    found.sort(key=lambda trial: str(sorted(trial.choices.items())))
    found.sort(key=lambda trial: -1.0 if trial.uar is None else trial.uar, reverse=True)
    write_file(out / FOUND, json.dumps([asdict(trial) for trial in found], indent=1).encode())
    return found


def _space() -> dict[str, Any]:
    return {key: tune.choice(list(values)) for key, values in SPACE.items()}


def _hold(path: Path, asked: str) -> None:
    if not path.exists():
        write_file(path, asked.encode())
    elif path.read_text() != asked:
        raise UsageError(f"{path} is of another search: choose another folder.")


def _try(
    choices: dict[str, Any],
    like: BackboneSettings,
    pictures: tuple[Sequence[Still], Sequence[Still], Sequence[Still]],
    initial: Mapping[str, Path],
    out: Path,
    device: str,
) -> None:
    """One trial, in a worker of Ray Tune."""
    taught, rarer, watched = pictures
    settings = settings_of(choices, like)
    folder = out / "trials" / tune.get_context().get_trial_id()
    all_taught = [*taught, *rarer] if settings.minority else taught
    first = initial.get(settings.family)
    trained = train(settings, all_taught, watched, folder, device=device, initial=first)
    tune.report({"uar": trained.best.figures["uar"], "epoch": trained.best.epoch})
