"""`python -m trainers corpora`: which corpora there are, and what of one is on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainers.cli.synthesise import synthesise
from trainers.corpora.catalogue import CATALOGUE, read
from trainers.corpora.check import by_other_rules, listing, report
from trainers.corpora.votes import AGREEMENT, Raters

app = typer.Typer(help="The corpora of the study, and others.", no_args_is_help=True)
app.command()(synthesise)


@app.command("list")
def list_all() -> None:
    """The corpora: what each needs, where it comes from, its licence."""
    typer.echo(listing())


@app.command()
def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=f"{', '.join(CATALOGUE)}; or any name for a folder with clips.csv or stills.csv.",
        ),
    ],
    root: Annotated[
        Path, typer.Argument(metavar="ROOT", help="The corpus's folder (of stills, also its file).")
    ],
    agreement: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="The share of the raters that must agree, where there are raters."
        ),
    ] = AGREEMENT,
    raters: Annotated[
        Raters,
        typer.Option(help="CREMA-D: what the raters whose votes count were given."),
    ] = "face",
) -> None:
    """Read a corpus and show its counts beside the paper's Table 3, with what explains them."""
    typer.echo(report(read(name, root, agreement, raters)))
    if others := by_other_rules(name, root, agreement, raters):
        typer.echo(f"\n{others}")
