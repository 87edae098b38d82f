"""`streamfer export`: a run's tables in the formats of other tools."""

from __future__ import annotations

from typing import Annotated

import typer

from streamfer.cli.console import counted, say
from streamfer.export.export import Format
from streamfer.export.export import export as write
from streamfer.places import place
from streamfer.store.read import find_run


def export(
    timelines: Annotated[str, typer.Argument(metavar="TIMELINES", help="The timelines of a run.")],
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="csv and jsonl: a file for each table. vtt (captions), vtt-json (a cue for each "
            "window), elan, textgrid (Praat) and openface (needs a run with --frames): a file for "
            "each video.",
        ),
    ],
    out: Annotated[str, typer.Option(metavar="FOLDER", help="Where the files go.")],
) -> None:
    """Write a run's tables as files for other tools."""
    count = sum(1 for _ in write(find_run(timelines), form, place(out)))
    say(f"{counted(count, 'file')} in {out}.")
