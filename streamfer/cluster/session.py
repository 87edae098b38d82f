"""Starting Ray on this machine, or joining a cluster, quietly and without telling anybody."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

# Ray reads these when it is imported and hands them to the processes it starts.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# A job may have been submitted with environment variables that are also set here.
os.environ["RAY_OVERRIDE_JOB_RUNTIME_ENV"] = "1"

import ray
from ray.exceptions import RayError

from streamfer.cluster.address import check_address
from streamfer.errors import UsageError
from streamfer.interrupts import retake

# There is no public way to either; of a Ray that has no such names nothing is expected.
if utils := getattr(getattr(ray, "_private", None), "utils", None):
    # Ray records the command line, and cannot start where a name in it is not UTF-8.
    utils.get_entrypoint_name = lambda: "streamfer"
    # Ray would end the process at SIGTERM, printing a stack; the command handles it like Ctrl-C.
    utils.set_sigterm_handler = lambda _handler: None

# One thread each, whatever library: a core is a worker's, and workers are as many as cores.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1"
)
# Ray's threads would else get a heap each, and a worker grow by 50 MB in its first minutes.
_FEW_HEAPS = {"MALLOC_ARENA_MAX": "2"}
# Pictures on their way to pools are all that passes through it.
_OBJECT_STORE_BYTES = 512 * 2**20


@contextmanager
def session(address: str | None, workers: int) -> Iterator[None]:
    """Ray, started here with room for `workers` (0: one for each core), or joined at `address`.

    Without an address, what RAY_ADDRESS names is joined: inside a Ray job, its own cluster.
    Raises UsageError if no cluster answers there.
    """
    if address in (None, "auto"):
        address = os.environ.get("RAY_ADDRESS") or address
    if address:
        check_address(address)
    elif "RAY_AUTH_TOKEN_PATH" not in os.environ:
        # Else Ray would write one into the home folder, which there may not be.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
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
            runtime_env={"env_vars": _ONE_THREAD | _FEW_HEAPS},
            logging_level=logging.ERROR,
            log_to_driver=False,
            **here,
        )
    except (OSError, ValueError, RuntimeError, RayError) as error:
        raise UsageError(
            f"The Ray cluster at {address} cannot be joined: {error}"
            if address
            else f"Ray cannot start: {error}. Its files go to the folder in RAY_TMPDIR, or to /tmp."
        ) from error
    retake()
    try:
        yield
    finally:
        ray.shutdown()
        retake()
