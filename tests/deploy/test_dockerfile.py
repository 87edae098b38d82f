"""The image: read line by line, for there may be no Docker where the tests run."""

import json
import re
import tomllib

from tests.commands import DEPLOY, ROOT, check, commands, in_comments

TEXT = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = [
    tuple(line.split(maxsplit=1))
    for line in TEXT.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in INSTRUCTIONS if instruction == name]


def test_instructions_are_docker_s():
    known = {"ARG", "CMD", "COPY", "ENV", "FROM", "RUN", "USER", "WORKDIR"}
    assert {name for name, _ in INSTRUCTIONS} <= known
    assert INSTRUCTIONS[0][0] == "FROM"


def test_python_is_one_that_streamfer_supports():
    (base,) = arguments("FROM")
    major, minor = re.match(r"python:(\d+)\.(\d+)-slim", base).groups()
    assert PROJECT["project"]["requires-python"] == f">={major}.{minor}"


def test_all_that_the_package_is_made_of_is_copied():
    copied = {name for line in arguments("COPY") for name in line.split()[:-1]}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    needed |= {*wheel["packages"], *wheel["force-include"]}
    assert copied == needed
    for name in copied:
        assert (ROOT / name).exists()


def test_what_is_installed_is_the_project_with_extras_that_it_has():
    ((install, extra),) = re.findall(r"pip install (.*) '\.\[(\w+)\]'", TEXT)
    assert extra in PROJECT["project"]["optional-dependencies"]
    assert '"$TORCH_INDEX"' in install
    assert any(argument.startswith("TORCH_INDEX=") for argument in arguments("ARG"))


def test_it_does_not_run_as_root():
    (user,) = arguments("USER")
    assert f"--uid {user} " in TEXT
    assert user != "0"


def test_the_commands_it_shows_exist():
    (command,) = arguments("CMD")
    assert json.loads(command) == ["streamfer", "--help"]
    shown = commands(in_comments(TEXT))
    plain, cuda, run = shown
    for build in (plain, cuda):
        assert build[:4] == ["docker", "build", "--file", "deploy/Dockerfile"]
    assert cuda[-2] == "TORCH_INDEX=https://pypi.org/simple"
    assert run[:2] == ["docker", "run"]
    check(run[run.index("streamfer") + 1 :])
