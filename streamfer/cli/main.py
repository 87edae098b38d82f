"""The `streamfer` command: its subcommands, and how errors reach a person."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from streamfer.cli import run as run_command
from streamfer.cli.bench import bench_app
from streamfer.cli.console import CONSOLE, say
from streamfer.cli.demo import demo
from streamfer.cli.export import export
from streamfer.cli.models import models_app
from streamfer.cli.query import query
from streamfer.cli.render import render
from streamfer.cli.report import report
from streamfer.cli.submit import require_submitters_version, submit
from streamfer.cli.tables import clean, compact, validate
from streamfer.errors import FatalError, InputError, UsageError
from streamfer.interrupts import handled

app = typer.Typer(
    name="streamfer",
    help="Turn folders of video into emotion timelines: who was on screen when, and which of "
    "seven expressions the face showed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command()(run_command.run)
app.command()(demo)
app.command()(report)
app.command()(query)
app.command()(export)
app.command()(render)
app.command()(validate)
app.command()(compact)
app.command()(clean)
app.command(context_settings={"allow_interspersed_args": False})(submit)
app.add_typer(models_app, name="models")
app.add_typer(bench_app, name="bench")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"streamfer {version('streamfer')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    require_submitters_version()


def main() -> None:
    """Run the command line; every error ends in one sentence and the right exit code."""
    try:
        with handled():
            app()
    except FatalError as error:
        _fail(str(error), run_command.FATAL)
    except (UsageError, InputError) as error:
        _fail(str(error), run_command.USAGE)
    except Exception as error:  # noqa: BLE001 - nobody should have to read a traceback
        _fail(
            f"This is a defect of streamfer: {error!r}. --verbose shows where.", run_command.FATAL
        )


def _fail(message: str, code: int) -> NoReturn:
    if "--verbose" in sys.argv:
        CONSOLE.print_exception()
    say(message, word="Error:", style="bold red")
    sys.exit(code)
