"""Finding out of what a worker died: what Ray knows, its log, and the kernel's count of kills."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path

import ray
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

_PATIENCE_S = 30.0

_RAY_SAYS = {
    "running low on memory": "by Ray's memory monitor, as the node ran low on memory",
    "SIGTERM": "by SIGTERM",
    r"exit code (\d+)": r"with exit code \1",
    "connection error": "without a word, as by SIGKILL",
}


@dataclass(frozen=True)
class Birth:
    """What a process notes at its start, for whoever looks into its death.

    `node` is Ray's id of its machine, `log` the file of its stderr, and `kills` how many
    processes the machine's kernel has killed for want of memory.
    """

    node: str
    log: str
    kills: int

    @classmethod
    def of_this_process(cls) -> Birth:
        """That of the worker it is called in."""
        node: str = ray.get_runtime_context().get_node_id()
        return cls(node, str(Path("/proc/self/fd/2").readlink()), _kills())


def reason(error: RayError) -> str:
    """The last line of what Ray says of a death, which is the cause where there is one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".")


def last_words(error: RayError, birth: Birth) -> str | None:
    """How a worker ended, to be read after "ended"; None if its node does not answer.

    Asks the node, and waits for the answer for half a minute at most.
    """
    there = NodeAffinitySchedulingStrategy(birth.node, soft=False)
    look = ray.remote(num_cpus=0, max_retries=0)(_signal_in_log).options(scheduling_strategy=there)
    try:
        name, kills = ray.get(look.remote(birth.log), timeout=_PATIENCE_S)
    except GetTimeoutError:
        name, kills = "", birth.kills
    except RayError:
        return None
    if name:
        return f"by {name} ({signal.strsignal(signal.Signals[name])})"
    if kills > birth.kills:
        return "by SIGKILL from the kernel, which ran out of memory"
    for pattern, words in _RAY_SAYS.items():
        if found := re.search(pattern, str(error)):
            return found.expand(words)
    return f"so: {reason(error)}"


def _signal_in_log(log: str) -> tuple[str, int]:
    """The name of the signal whose arrival a worker noted in its log, if it did; `kills` now."""
    try:
        text = Path(log).read_text("utf-8", "replace")
        found = re.findall(r"^\*\*\* (SIG[A-Z]+) received", text, re.MULTILINE)
    except OSError:
        found = []
    return found[-1] if found else "", _kills()


def _kills() -> int:
    """How many processes this machine's kernel has killed for want of memory."""
    counted = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    return int(counted[1]) if counted else 0
