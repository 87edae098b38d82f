"""`streamfer submit`: a run on a cluster, from a machine that is no part of it."""

from __future__ import annotations

import os
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from streamfer.cli.console import CONSOLE, say
from streamfer.cli.run import run
from streamfer.errors import UsageError
from streamfer.interrupts import INTERRUPTED
from streamfer.places import is_uri

# What the job is told of the version that submits it.
_VERSION = "STREAMFER_SUBMITTER"
# A shell's exit code where there is no such command.
_NOT_FOUND = 127
_MODELS = ("detector", "backbone", "temporal")


def submit(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="-- COMMAND",
            help="`run` with its arguments, as on the head of the cluster.",
        ),
    ],
    address: Annotated[
        str,
        typer.Option(envvar="RAY_API_SERVER_ADDRESS", help="The dashboard of the cluster's head."),
    ] = "http://127.0.0.1:8265",
) -> None:
    """Run `streamfer run` on a Ray cluster: show its log, and end with its exit code.

    All names are the cluster's, and begin with / or are URIs. Ctrl-C stops the watching only: the
    job goes on, and it is said how to watch it again and how to stop it.
    """
    if command[0] != "run":
        raise UsageError(
            f"Only `run` can be submitted, not {command[0]!r}; `ray job submit -- streamfer …` "
            "runs any command on a cluster."
        )
    _require_absolute(_parse(command[1:]))
    entrypoint = _entrypoint(command)
    # Importing Ray takes a second that --help and a wrong command need not wait for.
    from streamfer.cluster import submit as jobs  # noqa: PLC0415

    with CONSOLE.status(f"Asking {address}"):
        client = jobs.connect(address)
        job = jobs.submit(client, entrypoint)
    say(f"Submitted as {job}.")
    try:
        code = jobs.follow(client, job, lambda text: typer.echo(text, nl=False))
    except KeyboardInterrupt:
        say(f"The job {job} goes on. To watch it again, or to stop it:")
        say(f"ray job logs --address {address} --follow {job}")
        say(f"ray job stop --address {address} {job}")
        raise typer.Exit(INTERRUPTED) from None
    if code == _NOT_FOUND:
        raise UsageError(
            "The head of the cluster has no command `streamfer`: install it on every node, into "
            "the environment from which Ray is started."
        )
    raise typer.Exit(code)


def require_submitters_version() -> None:
    """Refuse to run for a `submit` of another version, whose flags and rows may be others.

    Raises UsageError.
    """
    wanted = os.environ.get(_VERSION)
    if wanted and wanted != (here := version("streamfer")):
        raise UsageError(
            f"The cluster has streamfer {here}, and the job comes from streamfer {wanted}: install "
            "the same on both."
        )


def _entrypoint(command: list[str]) -> str:
    """The command as a line for the shell of the cluster's head."""
    line = f"{_VERSION}={version('streamfer')} {shlex.join(['streamfer', *command])}"
    try:
        line.encode()
    except UnicodeEncodeError:
        raise UsageError(
            "A name in the command is not UTF-8, which Ray cannot carry: write it into a list on "
            "the cluster, and give the list, as @/data/list.txt."
        ) from None
    return line


def _parse(arguments: list[str]) -> dict[str, Any]:
    """The values of `streamfer run`'s arguments; what is wrong with them is said here."""
    app = typer.Typer(add_completion=False)
    app.command()(run)
    return typer.main.get_command(app).make_context("streamfer run", arguments).params


def _require_absolute(values: dict[str, Any]) -> None:
    names = [text.removeprefix("@") for text in values["inputs"]]
    names += [values[option] for option in ("out_name", "settings", "weights") if values[option]]
    for option in _MODELS:
        model = values[option] or ""
        if "/" in model or Path(model).suffix:  # the name of a model has neither
            names.append(model)
    for name in map(str, names):
        if not (is_uri(name) or Path(name).is_absolute()):
            raise UsageError(
                f"{name} is relative, which to a job on a cluster means some folder of the "
                "cluster's head. Name it from / as the cluster sees it, or as a URI such as "
                "s3://bucket/name."
            )
