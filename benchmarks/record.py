"""Under what circumstances a figure was measured: every committed result says so."""

from __future__ import annotations

import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def circumstances(*packages: str) -> dict[str, object]:
    """Date, command, processor, and the versions of Python and of installed `packages`."""
    module = Path(sys.argv[0])
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m {module.parent.name}.{module.stem} {shlex.join(sys.argv[1:])}",
        "processor": processor(),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
    }


def processor() -> str:
    """What the system calls the processor; "unknown" where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
