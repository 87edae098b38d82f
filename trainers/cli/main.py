"""The commands of `python -m trainers`, and how errors reach a person."""

from __future__ import annotations

import sys

import typer

from streamfer.errors import InputError, UsageError

app = typer.Typer(
    name="python -m trainers",
    help="The study of Ryumina et al. 2022: corpora, training, cross-corpus tables, explanations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


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
