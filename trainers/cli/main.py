"""The commands of `python -m trainers`, and how errors reach a person."""

from __future__ import annotations

import sys

import typer

from streamfer.errors import InputError, UsageError
from trainers.cli import backbone, corpora, temporal
from trainers.cli.explain import explain
from trainers.cli.study import study

app = typer.Typer(
    name="python -m trainers",
    help="The study of Ryumina et al. 2022: corpora, training, cross-corpus tables, explanations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(explain)
app.command()(study)
app.add_typer(backbone.app, name="backbone")
app.add_typer(corpora.app, name="corpora")
app.add_typer(temporal.app, name="temporal")


@app.callback()
def _several() -> None:
    """Keep the name of a command, even while there is only one."""


def main() -> None:
    """Run the command; an error that a person can act on is one sentence, exit code 2."""
    try:
        app()
    except (InputError, UsageError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
