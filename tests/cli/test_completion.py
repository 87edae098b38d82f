"""The shell completes what a person types."""

import shlex
import shutil
import subprocess

import pytest

from tests.cli.terminal import COMMAND, ENVIRONMENT


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is absent")
def test_bash_gets_a_script():
    line = f"{shlex.join(COMMAND)} --show-completion; exit $?"
    shell = subprocess.run(
        ["bash", "-c", line], check=False, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert shell.returncode == 0, shell.stderr
    assert "_STREAMFER_COMPLETE=complete_bash" in shell.stdout
    check = subprocess.run(
        ["bash", "-n"], check=False, input=shell.stdout, capture_output=True, text=True
    )
    assert (check.returncode, check.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "position", "expected"),
    [("streamfer val", 1, "validate"), ("streamfer run --detector-", 2, "--detector-size")],
)
def test_commands_and_options_are_completed(words: str, position: int, expected: str):
    asked = {
        "_STREAMFER_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(position),
    }
    found = subprocess.run(
        COMMAND, check=False, env=ENVIRONMENT | asked, capture_output=True, text=True
    )
    assert found.stdout.split() == [expected], found.stderr
