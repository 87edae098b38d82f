"""The command line in this process, for what needs no process of its own."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamfer.cli.main import main


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    stdout: str
    stderr: str


Say = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs `streamfer` with the arguments given; it must exit, and show no traceback."""

    def run(*arguments: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["streamfer", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Said(int(ended.value.code or 0), printed.out, printed.err)

    return run
