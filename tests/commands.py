"""Commands that a file shows to people or machines: whether they exist, with those flags."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from ray.scripts.scripts import cli as ray

from streamfer.cli.main import app as streamfer_app
from trainers.cli.main import app as trainers_app

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def commands(text: str) -> list[list[str]]:
    """The commands of a piece of shell, as words: comments and assignments before them are gone."""
    lines = text.replace("\\\n", " ").splitlines()
    split = [shlex.split(line, comments=True) for line in lines]
    bare = [_bare(words) for words in split]
    return [words for words in bare if words]


def in_comments(text: str) -> str:
    """What stands in a file's comments with three spaces before it, as commands do."""
    return "\n".join(re.findall(r"^#   (.*)$", text, re.MULTILINE))


def check(words: Sequence[str]) -> None:
    """Parse a command of `streamfer`, `python -m trainers` or `ray` as it would; nothing is run.

    What it refuses is raised.
    """
    command, arguments = _find(words)
    parsed = command.make_context(command.name, arguments).params
    if words[:2] == ["streamfer", "submit"]:
        check(["streamfer", *parsed["command"]])


def flags(command: str) -> set[str]:
    """The flags of a `streamfer` or a `ray` command."""
    return {name for option in _find(command.split())[0].params for name in option.opts}


def _find(words: Sequence[str]) -> tuple[Any, list[str]]:
    """The command that is named, and the arguments after its name."""
    if words[:3] == ["python", "-m", "trainers"]:
        words = words[2:]
    name, *arguments = words
    apps = {"streamfer": streamfer_app, "trainers": trainers_app}
    command: Any = ray if name == "ray" else typer.main.get_command(apps[name])
    while hasattr(command, "commands"):
        name, *arguments = arguments
        command = command.commands[name]
    return command, arguments


def _bare(words: list[str]) -> list[str]:
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    return words
