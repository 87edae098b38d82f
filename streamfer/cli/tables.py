"""`streamfer validate` and `streamfer clean`: looking after what a run leaves behind."""

from __future__ import annotations

from typing import Annotated

import typer

from streamfer.cli.console import printable
from streamfer.errors import UsageError
from streamfer.pipeline.compact import compact_partial
from streamfer.places import place
from streamfer.store.folders import kind
from streamfer.store.validate import validate as find_problems
from streamfer.store.work import WorkFolder


def validate(
    file: Annotated[str, typer.Argument(help="A table that streamfer wrote: a path or a URI.")],
) -> None:
    """Check a table against the public schema."""
    table = place(file)
    if not kind(table):
        raise UsageError(f"{file} does not exist.")
    problems = find_problems(table)
    for problem in problems:
        typer.echo(printable(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{printable(file)} is valid.")


def clean(
    out: Annotated[str, typer.Argument(help="The timelines whose work folder goes.")],
) -> None:
    """Remove the work in progress that lies beside an output; the tables stay."""
    work = WorkFolder(place(out))
    removed = work.remove()
    path = printable(work.path)
    typer.echo(f"Removed {path}." if removed else f"There is no {path}.")


def compact(
    out: Annotated[str, typer.Argument(help="The timelines of a run that is not finished.")],
    partial: Annotated[
        str, typer.Option("--partial", help="Where the tables of what is done so far go.")
    ],
) -> None:
    """Make what a run has done so far queryable, while it goes on or after it was stopped."""
    compact_partial(place(out), place(partial))
    typer.echo(f"What is done so far of {printable(out)} is in {printable(partial)}.")
