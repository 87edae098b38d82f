"""Handing a command to a cluster as a Ray job, and following the job to its end.

The command runs on the cluster's head, joins that cluster, and does not need this machine again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable

# Ray reads this when it is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from aiohttp import ClientError
from ray.exceptions import AuthenticationError
from ray.job_submission import JobDetails, JobStatus, JobSubmissionClient

from streamfer.errors import FatalError, UsageError
from streamfer.interrupts import INTERRUPTED

logging.getLogger(JobSubmissionClient.__module__).setLevel(logging.ERROR)

# How long a cluster that is being followed may be out of reach, and how often it is asked.
_PATIENCE_S = 60.0
_POLL_S = 0.5


def connect(address: str) -> JobSubmissionClient:
    """The cluster whose dashboard is at `address` (`http://head:8265`).

    Raises UsageError if it does not answer there, or not to us.
    """
    if not address.startswith(("http://", "https://")):
        raise UsageError(
            f"{address} is not the address of a dashboard: write it as http://head:8265. (A "
            "cluster's other address, such as head:6379, is for `streamfer run --address`.)"
        )
    # This variable, and RAY_ADDRESS where it is not set, would win over what is asked for here.
    os.environ["RAY_API_SERVER_ADDRESS"] = address
    try:
        return JobSubmissionClient(address)
    except AuthenticationError:
        raise UsageError(
            f"The cluster at {address} refuses the token that it was sent, or wants one: set "
            "RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to what `ray get-auth-token` prints on the "
            "cluster's head."
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"No Ray cluster answers at {address} ({_first_line(error)}). It must be the address "
            "of the head's dashboard, which `ray start --head` prints; other machines reach it "
            "only with `--dashboard-host 0.0.0.0`."
        ) from None


def submit(client: JobSubmissionClient, entrypoint: str) -> str:
    """Start a shell's command line as a job; the job's name."""
    try:
        job: str = client.submit_job(entrypoint=entrypoint)
    except (OSError, RuntimeError) as error:
        raise FatalError(f"The cluster did not take the job: {_first_line(error)}.") from None
    return job


def follow(client: JobSubmissionClient, job: str, show: Callable[[str], None]) -> int:
    """Hand the job's log to `show` as it grows; the exit code of its command.

    As in a shell, that is 128 + N of one that was ended by signal N, and 127 of one that is not
    there; of one that was stopped it is 130. Raises FatalError if the cluster lost the job, or
    stays out of reach.
    """
    details = asyncio.run(_follow(client, job, show))
    if details.status == JobStatus.STOPPED:
        return INTERRUPTED
    code: int | None = details.driver_exit_code
    if code is None:
        raise FatalError(f"The cluster lost the job {job}: {_first_line(details.message)}")
    return code if code >= 0 else 128 - code


async def _follow(client: JobSubmissionClient, job: str, show: Callable[[str], None]) -> JobDetails:
    shown = 0
    answered = time.monotonic()
    while True:
        try:
            place = 0
            # The log begins again with every connection: what was shown is left out.
            async for text in client.tail_job_logs(job):
                show(text[max(0, shown - place) :])
                place += len(text)
                shown = max(shown, place)
                answered = time.monotonic()
            details = client.get_job_info(job)
            answered = time.monotonic()
        except BrokenPipeError:
            raise  # nobody reads what is shown, which the cluster cannot help
        except (OSError, RuntimeError, ClientError) as error:
            if time.monotonic() - answered > _PATIENCE_S:
                raise FatalError(
                    f"The cluster has not answered for {_PATIENCE_S:g} s ({_first_line(error)}). "
                    f"If it comes back, `ray job logs --follow {job}` shows what became of the job."
                ) from None
        else:
            if details.status.is_terminal():
                return details
        await asyncio.sleep(_POLL_S)


def _first_line(what: object) -> str:
    return str(what).partition("\n")[0].rstrip(".")
