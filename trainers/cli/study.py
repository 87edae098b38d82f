"""`python -m trainers study`: from folders of corpora to the paper's tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamfer.cli.console import say
from streamfer.cli.run import SOME_FAILED, resumable
from streamfer.errors import UsageError
from streamfer.interrupts import handled


def study(
    root: Annotated[
        Path, typer.Option(metavar="CORPORA", help="The folder with a folder for each corpus.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="REPORT", help="The folder of the report; work is kept there.")
    ],
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Settings; flags lie on top.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="paper or released (see docs/reproduce.md).")
    ] = None,
    corpora: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="Only these of those that are there.")
    ] = None,
    experiments: Annotated[
        str | None, typer.Option(metavar="1,2,…", help="Of Table 4; none: no training.")
    ] = None,
    methods: Annotated[
        str | None, typer.Option(metavar="CNN-W,…", help="Of Table 6; none: no methods.")
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help='Whose embeddings temporal methods read: "experiment 9", a name, or a file.',
        ),
    ] = None,
    faces: Annotated[
        bool | None, typer.Option(help="Figures 7 to 10, which show faces of the corpora.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Default: one for each core.")] = None,
    training_workers: Annotated[
        int | None,
        typer.Option(help="Of Ray Train, a core or GPU each; 0: in this process.  [default: 1]"),
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.  [default: auto]")] = None,
    address: Annotated[
        str | None, typer.Option(help="A running Ray cluster. Without it one is started here.")
    ] = None,
) -> None:
    """Reproduce the paper's tables and figures from the corpora that are there.

    The same command goes on after any interruption. Exit codes: 0 all done, 2 usage, 3 a stage
    failed (the report says why), 130 interrupted.
    """
    from trainers.study.run import run_study  # noqa: PLC0415 - torch takes seconds
    from trainers.study.settings import load  # noqa: PLC0415

    execution = {"workers": workers, "device": device, "address": address}
    chosen = load(
        settings,
        {
            "profile": profile,
            "corpora": _listed(corpora),
            "experiments": _numbers(experiments),
            "methods": _listed(methods),
            "backbone": backbone,
            "faces": faces,
            "training_workers": training_workers,
            "execution": {name: value for name, value in execution.items() if value is not None},
        },
    )
    with handled(), resumable("the same command"):
        found = run_study(root, out, chosen, say)
    say(f"Report: {out / 'README.md'}")
    if found.failed:
        raise typer.Exit(SOME_FAILED)


def _listed(text: str | None) -> list[str] | None:
    """The parts of a list with commas; none of them for "none"."""
    if text is None or text == "none":
        return None if text is None else []
    return [part.strip() for part in text.split(",")]


def _numbers(text: str | None) -> list[int] | None:
    parts = _listed(text)
    try:
        return None if parts is None else [int(part) for part in parts]
    except ValueError:
        raise UsageError(f"{text!r} is no list of numbers, such as 1,5,9.") from None
