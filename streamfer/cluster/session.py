"""Starting Ray on this machine, or joining a cluster, quietly and without telling anybody."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Ray reads these when it is imported and hands them to the processes it starts.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray

from streamfer.errors import UsageError

# Ray records the command line, and cannot start where a name in it is not UTF-8.
ray._private.utils.get_entrypoint_name = lambda: "streamfer"

# One thread each, whatever library: a core is a worker's, and workers are as many as cores.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1"
)
# Pictures on their way to pools are all that passes through it.
_OBJECT_STORE_BYTES = 512 * 2**20


@contextmanager
def session(address: str | None, workers: int) -> Iterator[None]:
    """Ray, started here with room for `workers` (0: one for each core), or joined at `address`.

    Raises UsageError if no cluster answers there.
    """
    here = (
        {}
        if address
        else {
            "num_cpus": max(workers, len(os.sched_getaffinity(0))),
            "object_store_memory": _OBJECT_STORE_BYTES,
            "include_dashboard": False,
        }
    )
    try:
        ray.init(
            address=address or "local",
            runtime_env={"env_vars": _ONE_THREAD},
            logging_level=logging.ERROR,
            log_to_driver=False,
            **here,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"The Ray cluster at {address} cannot be joined: {error}"
            if address
            else f"Ray cannot start: {error}. Its files go to the folder in RAY_TMPDIR, or to /tmp."
        ) from error
    # Ray's own handler prints a stack and ends the process. A batch system that asks a run to
    # stop means what Ctrl-C means.
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if main else None
    try:
        yield
    finally:
        ray.shutdown()
        if main:
            signal.signal(signal.SIGTERM, before)
