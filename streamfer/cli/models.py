"""`streamfer models`: which networks there are, whose they are, and bringing them here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Column, Table

from streamfer.cli.console import CONSOLE, printable, say
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.temporal.learnt import load_learnt
from streamfer.errors import UsageError
from streamfer.faces.detector import load_detector
from streamfer.interrupts import INTERRUPTED
from streamfer.weights.catalogue import (
    MODELS,
    TASKS,
    File,
    Model,
    Task,
    file_sha256,
    find_own,
    how_to_get,
    is_name,
    locate,
    problems,
    user_folder,
)
from streamfer.weights.fetch import fetch as fetch_model
from streamfer.weights.fetch import keep
from streamfer.weights.runtime import Device, model_name

DIFFERS = 1
"""Exit code of `verify` where a file is not what it should be."""

models_app = typer.Typer(
    no_args_is_help=True,
    help="Networks that streamfer knows: whose they are, where they lie, and how to get them.",
)


@models_app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the networks of the catalogue, and your own."""
    if as_json:
        own = [{"name": path.stem, "task": task, "path": str(path)} for task, path in _own()]
        typer.echo(json.dumps([_as_json(model) for model in MODELS] + own, indent=1))
        return
    size = Column("Size", justify="right")
    table = Table(Column("Model", no_wrap=True), "Task", size, "Commercial", "Here", box=SIMPLE)
    for model in MODELS:
        name = f"{model.name} *" if _default_on(model) else model.name
        table.add_row(name, model.task, _megabytes(model.size), model.commercial, _where(model))
    for task, path in _own():
        table.add_row(path.stem, task, _megabytes(path.stat().st_size), "yours", "your folder")
    Console(markup=False, emoji=False, highlight=False).print(table)
    say(
        "* a default; detectors have one for processors and one for GPUs. Commercial use is what "
        "the licence of the weights says; the terms of the pictures they were trained on are told "
        "by `streamfer models show NAME`."
    )
    say(f"Your folder is {user_folder()}.")


@models_app.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Show all that is known of one network."""
    model = _find(name)
    typer.echo(f"{model.name}: {model.about}")
    for label, text in _details(model):
        typer.echo(f"{label:<16}{printable(text)}")


@models_app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Default: all that are here.")
    ] = None,
) -> None:
    """Compare the files on this machine with the sha256 of the catalogue; exit code 1 if any
    differs.
    """  # noqa: D205 - typer shows it as one paragraph
    models = MODELS if name is None else (_find(name),)
    wrong = []
    for model in models:
        place = locate(model)
        if place is None:
            if name is not None:
                raise UsageError(f"{name} is not on this machine: {how_to_get(model)}.")
            continue
        found = problems(model, place)
        wrong += found
        if not found:
            typer.echo(f"{model.name}: {printable(place)} is the published one.")
    if name is None:
        for task, path in _own():
            typer.echo(f"{path.stem}: {task} of your own, sha256 {file_sha256(path)}.")
    for text in wrong:
        typer.echo(printable(text))
    if wrong:
        raise typer.Exit(DIFFERS)


@models_app.command()
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
    name: Annotated[
        str | None, typer.Option(help="What to call a network of your own. Default: as its file.")
    ] = None,
) -> None:
    """Copy files that you have into your folder, to be used by name from then on.

    Files of the catalogue are recognised by their content. Any other must be a backbone, a
    detector or a temporal method that streamfer can run.
    """
    if name is not None and len(files) > 1:
        raise UsageError("--name is for one file.")
    for file in files:
        called, path = _add(file, name)
        typer.echo(f"{printable(file)} is {called}, and was copied to {printable(path)}.")


@models_app.command()
def fetch(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Download a network of the catalogue. The same command goes on where it was cut off."""
    model = _find(name)
    say(
        f"{model.name}: licence of the weights {model.weights_licence}; commercial use: "
        f"{model.commercial}; trained on {model.training_data}."
    )
    try:
        with _ProgressBar() as bar:
            place = fetch_model(model, bar)
    except KeyboardInterrupt:
        say("Interrupted. What has come is kept: the same command goes on from here.")
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"{model.name} is in {printable(place)}.")


class _ProgressBar(Progress):
    """Bytes of the files of a model, for people who watch."""

    def __init__(self) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            DownloadColumn(),
            console=CONSOLE,
            transient=True,
            disable=not CONSOLE.is_terminal,
        )
        self._tasks_of: dict[str, TaskID] = {}

    def __call__(self, file: File, done: int, total: int | None) -> None:
        if file.name not in self._tasks_of:
            self._tasks_of[file.name] = self.add_task(file.name)
        self.update(self._tasks_of[file.name], completed=done, total=total)


def _find(name: str) -> Model:
    for model in MODELS:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MODELS)
    raise UsageError(f"There is no model {name!r} in the catalogue (known: {known}).")


def _own() -> Iterator[tuple[Task, Path]]:
    """Task and file of each network that the user added under a name of his own."""
    catalogued = {model.place for model in MODELS}
    for task in TASKS:
        for path in sorted((user_folder() / task).glob("*")):
            if path.is_file() and is_name(path.stem) and path not in catalogued:
                yield task, path


def _add(file: Path, name: str | None) -> tuple[str, Path]:
    sha256 = file_sha256(file)
    for model in MODELS:
        for known, path in model.paths(model.place):
            if known.sha256 == sha256:
                keep(file, path, sha256)
                return f"{known.name} of {model.name}", path
    task = _task_of(file)
    name = name or file.stem
    if not is_name(name):
        raise UsageError(f"{name!r} cannot be a name: give one of letters, digits, - and _.")
    known_names = ["default", *(model.name for model in MODELS)]
    if name in known_names or find_own(name, task):
        raise UsageError(f"There is a {task} {name!r} already: give another with --name.")
    path = user_folder() / task / f"{name}{file.suffix or '.weights'}"
    keep(file, path, sha256)
    return f"the {task} {name}", path


def _task_of(file: Path) -> Task:
    """What a file can be used for, found by loading it."""
    loaders: dict[Task, Callable[[str], object]] = {
        "backbone": load_backbone,
        "detector": load_detector,
        "temporal": lambda path: load_learnt(Path(path)),
    }
    reasons = []
    for task, load in loaders.items():
        try:
            load(str(file.absolute()))
        except UsageError as error:
            reasons.append(str(error))
        else:
            return task
    raise UsageError(f"{file} is neither in the catalogue nor usable. {' '.join(reasons)}")


def _as_json(model: Model) -> dict[str, Any]:
    place = locate(model)
    here = None if place is None else str(place)
    return dataclasses.asdict(model) | {"default": _default_on(model), "path": here}


def _default_on(model: Model) -> list[Device]:
    """The devices on which a run takes this model if no other is named."""
    devices: tuple[Device, ...] = get_args(Device)
    return [device for device in devices if model_name("default", model.task, device) == model.name]


def _details(model: Model) -> Iterator[tuple[str, str]]:
    devices = " and ".join(_default_on(model))
    yield "task", f"{model.task}, the default on {devices}" if devices else model.task
    if model.not_run:
        yield "cannot be run", model.not_run
    for file in model.files:
        size = f"{file.size:,} bytes" if file.size else "size not known"
        yield "file", f"{file.name}, {size}, sha256 {file.sha256 or 'not known'}"
        if file.url:
            yield "", file.url
    yield "input", f"{model.input.size}; {model.input.colour}; {model.input.range}"
    if model.classes:
        yield "classes", ", ".join(model.classes)
    yield "licences", f"code: {model.code_licence}; weights: {model.weights_licence}"
    yield "commercial use", f"{model.commercial}, by the licence of the weights"
    yield "trained on", model.training_data
    for figure in model.figures:
        yield "measured", figure
    yield "source", model.source
    place = locate(model)
    yield "here", f"not: {how_to_get(model)}" if place is None else str(place)


def _where(model: Model) -> str:
    place = locate(model)
    if place is not None:
        return "your folder" if place == model.place else model.package
    if model.not_run:
        return "listed only"
    return "to fetch" if model.can_be_fetched else "by hand"


def _megabytes(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:.1f} MB"
