"""`python -m trainers backbone`: train the paper's backbone, search its settings, measure it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from streamfer.errors import UsageError
from trainers import metrics
from trainers.backbone.paper import small_tables
from trainers.backbone.paper.divide import divide, minority
from trainers.backbone.paper.experiments import ADDED, EXPERIMENTS
from trainers.backbone.paper.settings import BackboneSettings
from trainers.corpora.catalogue import CATALOGUE, found, read
from trainers.corpora.samples import Still
from trainers.fitting.settings import Precision
from trainers.study.settings import Profile, load

app = typer.Typer(help="The paper's backbone (sections 3.2.2 and 4.2).", no_args_is_help=True)

Root = Annotated[Path, typer.Option(help="The folder that holds the corpora, each in its own.")]
Base = Annotated[str, typer.Option(help="The corpus to learn from and to watch.")]
Added = Annotated[str, typer.Option(help="The corpus whose rarer expressions are added.")]
Out = Annotated[Path, typer.Option(help="The folder of what is written.")]
Device = Annotated[Literal["cpu", "cuda"], typer.Option(help="What the networks run on.")]
Address = Annotated[str | None, typer.Option(help="A Ray cluster's; else Ray starts here.")]
Workers = Annotated[
    int, typer.Option(min=0, help="Of Ray Train, each with a core or a GPU; 0: in this process.")
]

_IN_WORDS = " ".join(f"{number}: {words}." for number, words in ADDED.items())


@app.command()
def train(
    root: Root,
    out: Out,
    experiment: Annotated[int, typer.Option(min=1, max=9, help=f"Of Table 4. {_IN_WORDS}")] = 9,
    profile: Annotated[
        Profile | None, typer.Option(help="The text's choices, or the authors' code's; else paper.")
    ] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", help="TOML with a table [training]; see the documentation."),
    ] = None,
    base: Base = "AffectNet",
    added: Added = "FER2013",
    initial: Annotated[
        Path | None, typer.Option(help="First weights; random without. See the documentation.")
    ] = None,
    family: Annotated[str | None, typer.Option(help="In place of the experiment's.")] = None,
    side: Annotated[int | None, typer.Option(help="Of the pictures, in pixels.")] = None,
    epochs: Annotated[int | None, typer.Option(help="At most.")] = None,
    batch: Annotated[int | None, typer.Option(help="Of all workers together.")] = None,
    lr: Annotated[float | None, typer.Option(help="The first learning rate.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Of SGD.")] = None,
    patience: Annotated[
        int | None, typer.Option(help="Epochs without a gain after which to end.")
    ] = None,
    frozen_norm: Annotated[
        bool | None, typer.Option(help="Whether batch norms keep their statistics.")
    ] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="Of the forward pass; float16 on GPUs only.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all that is random.")] = None,
    workers: Workers = 1,
    device: Device = "cpu",
    address: Address = None,
) -> None:
    """Train a backbone; the same command goes on after a kill."""
    from trainers.backbone.paper.train import train as train_backbone  # noqa: PLC0415 - slow

    settings = chosen_settings(experiment, settings_file, profile)
    changes = _given(
        epochs=epochs,
        batch=batch,
        lr=lr,
        momentum=momentum,
        patience=patience,
        frozen_norm=frozen_norm,
        precision=precision,
        seed=seed,
    )
    fit = replace(settings.fit, **changes)
    settings = replace(settings, fit=fit, **_given(family=family, side=side))
    taught, watched = pictures(root, base, added, settings)
    typer.echo(
        f"{len(taught)} pictures to learn from, {len(watched)} to watch; how far it is: "
        f"tensorboard --logdir {out}",
        err=True,
    )
    trained = train_backbone(
        settings,
        taught,
        watched,
        out,
        workers=workers,
        device=device,
        initial=initial,
        address=address,
    )
    for epoch in trained.history:
        figures = "  ".join(f"{name} {100 * value:.1f} %" for name, value in epoch.figures.items())
        typer.echo(f"epoch {epoch.epoch:3}  loss {epoch.loss:.4f}  {figures}")
    typer.echo(f"{trained.file}: epoch {trained.best.epoch}")


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="backbone.pt, with its backbone.json beside it.")],
    root: Root,
    out: Annotated[Path, typer.Option(help="The Parquet file of what it says.")],
    corpus: Annotated[str, typer.Option(help="Its held-out part is measured.")] = "AffectNet",
    device: Device = "cpu",
) -> None:
    """Say how a trained backbone does on a corpus's held-out part; keep what it says of each."""
    from trainers.backbone.paper.train import predict  # noqa: PLC0415 - slow

    _, watched = divide(stills(root, corpus))
    predictions = predict(file, watched, fold="official", device=device)
    predictions.write(out)
    scores = metrics.scores(predictions.labels, predictions.probabilities)
    typer.echo(
        f"{corpus}: {len(predictions)} pictures, accuracy {100 * scores['accuracy']:.1f} %, "
        f"UAR {100 * scores['uar']:.1f} %"
    )


@app.command()
def search(
    root: Root,
    out: Out,
    base: Base = "AffectNet",
    added: Added = "FER2013",
    trials: Annotated[int, typer.Option(min=1, help="How many settings to try.")] = 20,
    side: Annotated[int, typer.Option(help="Of the pictures, in pixels.")] = 224,
    epochs: Annotated[int, typer.Option(help="Of each trial, at most.")] = 30,
    seed: Annotated[int, typer.Option(help="Chooses the settings.")] = 0,
    initial: Annotated[
        list[str] | None,
        typer.Option(metavar="FAMILY=FILE", help="A family's first weights; may be repeated."),
    ] = None,
    device: Device = "cpu",
    address: Address = None,
) -> None:
    """Try settings of section 3.2.2, drawn by chance; the same command goes on after a kill."""
    from trainers.backbone.paper.search import SPACE  # noqa: PLC0415 - slow
    from trainers.backbone.paper.search import search as search_settings  # noqa: PLC0415

    small = replace(BackboneSettings(), side=side)
    small = replace(small, fit=replace(small.fit, epochs=epochs, patience=None))
    taught, watched = pictures(root, base, "", small)
    rarer = minority(divide(stills(root, added))[0])
    first = first_weights(initial or [])
    if missing := [family for family in SPACE["family"] if family not in first]:
        typer.echo(
            f"Without first weights, at random, also where frozen: {', '.join(missing)}.", err=True
        )
    found_ones = search_settings(
        small,
        taught,
        rarer,
        watched,
        out,
        trials=trials,
        seed=seed,
        device=device,
        initial=first,
        address=address,
    )
    for trial in found_ones:
        result = trial.error if trial.uar is None else f"UAR {100 * trial.uar:.1f} %"
        typer.echo(
            f"{result}  " + ", ".join(f"{key} {value}" for key, value in trial.choices.items())
        )


@app.command()
def small(
    root: Root,
    out: Out,
    initial: Annotated[
        Path | None,
        typer.Option(help="The folder of a face recognition network; random weights without."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 0,
    address: Address = None,
) -> None:
    """Table 4 and a cross-corpus table with FER2013 and press faces, in a size for two cores.

    The tables are those of all runs in OUT, one for each seed and kind of first weights.
    """
    from trainers.backbone.paper.small import run  # noqa: PLC0415 - slow

    run(
        stills(root, "FER2013"),
        stills(root, "press"),
        out,
        seed=seed,
        initial=initial,
        address=address,
    )
    found_here = small_tables.gather(out.glob(f"*/{small_tables.TABLE}"))
    (out / "tables.json").write_text(json.dumps(found_here, indent=1) + "\n")
    typer.echo(small_tables.experiments(found_here))
    typer.echo(small_tables.experiments(found_here, "unwatched_"))
    typer.echo(small_tables.cross_corpus(found_here))


def chosen_settings(number: int, file: Path | None, profile: Profile | None) -> BackboneSettings:
    """An experiment's settings, those of the file over them.

    Raises:
        UsageError: The file holds none, or those of anything else.
    """
    asked = {"experiments": (number,), "backbone": "default"}  # no video is looked at
    study = load(file, asked | {"profile": profile})
    if study != replace(load(None, asked | {"profile": study.profile}), training=study.training):
        raise UsageError(f"{file} sets more than profile and [training], all that is read here.")
    return study.experiment(number, EXPERIMENTS[number])


def pictures(
    root: Path, base: str, added: str, settings: BackboneSettings
) -> tuple[list[Still], list[Still]]:
    """What is taught and what is watched, as the settings want it."""
    taught, watched = divide(stills(root, base))
    if settings.minority:
        taught += minority(divide(stills(root, added))[0])
    return taught, watched


def stills(root: Path, name: str) -> Sequence[Still]:
    """The pictures of one of the corpora under `root`."""
    there = found(root.absolute())  # a worker may stand in another folder
    if name not in there:
        raise UsageError(f"{root} holds no {name}; it holds: {', '.join(there) or 'no corpus'}.")
    samples = read(name, there[name]).samples
    pictures = [sample for sample in samples if isinstance(sample, Still)]
    if not pictures:
        raise UsageError(f"{name} is a corpus of {CATALOGUE[name].kind}, not of pictures.")
    return pictures


def first_weights(given: Sequence[str]) -> dict[str, Path]:
    """First weights by family, from FAMILY=FILE of each."""
    parts = [one.partition("=") for one in given]
    for family, _, file in parts:
        if not file:
            raise UsageError(f"--initial is {family!r}; it is to be FAMILY=FILE.")
    return {family: Path(file) for family, _, file in parts}


def _given(**options: object) -> dict[str, Any]:
    """The options that were given: the others are left to the experiment."""
    return {name: value for name, value in options.items() if value is not None}
