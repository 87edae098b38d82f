"""`streamfer validate` and `streamfer clean`: looking after what a run leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamfer.cli.console import printable
from streamfer.pipeline.compact import compact_partial
from streamfer.store.validate import validate as find_problems
from streamfer.store.work import WorkFolder


def validate(
    file: Annotated[Path, typer.Argument(exists=True, help="A table that streamfer wrote.")],
) -> None:
    """Check a table against the public schema."""
    problems = find_problems(file)
    for problem in problems:
        typer.echo(printable(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{printable(file)} is valid.")


def clean(
    out: Annotated[Path, typer.Argument(help="The timelines whose work folder goes.")],
) -> None:
    """Remove the work in progress that lies beside an output; the tables stay."""
    work = WorkFolder(out)
    removed = work.remove()
    path = printable(work.path)
    typer.echo(f"Removed {path}." if removed else f"There is no {path}.")


def compact(
    out: Annotated[Path, typer.Argument(help="The timelines of a run that is not finished.")],
    partial: Annotated[
        Path, typer.Option("--partial", help="Where the tables of what is done so far go.")
    ],
) -> None:
    """Make what a run has done so far queryable, while it goes on or after it was stopped."""
    compact_partial(out, partial)
    typer.echo(f"What is done so far of {printable(out)} is in {printable(partial)}.")
