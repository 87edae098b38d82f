"""Asking a store that may fail: again, with growing pauses, and then in a sentence for a person."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from streamfer.errors import InputError
from streamfer.places import scheme

T = TypeVar("T")

CHANGED = "It was changed while it was being read: run the same command again."
NO_PARTS = "The server does not give parts of files: download it and give the path of the copy."

# How long a store is asked again before its file is given up. With the time of one last attempt,
# that is less than the time without progress after which a worker is stopped.
PATIENCE_S = 60.0
_PAUSES_S = (0.5, 1, 2, 4, 8)

# HTTP status codes that the same request may not meet again.
_PASSING = {408, 425, 429}
_GONE = {404, 410}
_FORBIDDEN = {401, 403}
_CHANGED = 412

_AWS = (
    "the credentials in the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
    "AWS_PROFILE) and the endpoint (AWS_ENDPOINT_URL)"
)
_SIGNED = "whether the address was signed for a time that is over"
_TO_CHECK = {"s3": _AWS, "s3a": _AWS, "http": _SIGNED, "https": _SIGNED}


def patiently(ask: Callable[[], T], uri: str, attempt_s: float) -> T:
    """What `ask` returns, in the end. An attempt may take `attempt_s` seconds.

    `uri` is what it is about. Raises InputError, to be tried again another time: at once where
    asking again is no use, or else when `PATIENCE_S` have passed.
    """
    end = time.monotonic() + PATIENCE_S
    for pause in itertools.chain(_PAUSES_S, itertools.repeat(_PAUSES_S[-1])):
        try:
            return _in_time(ask, attempt_s)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 (every client has errors of its own)
            sentence, passing = _explain(error, uri)
            if not passing or time.monotonic() + pause > end:
                raise InputError(sentence, retry=True) from None
        time.sleep(pause)
    raise AssertionError


def _in_time(ask: Callable[[], T], seconds: float) -> T:
    """Ask in a thread of its own, which is left behind where it takes too long."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 (raised by whoever waits)
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(seconds)


def _explain(error: Exception, uri: str) -> tuple[str, bool]:
    """What is wrong, for a person, and whether it may pass by itself.

    Nothing is quoted: messages of clients hold addresses, and addresses signatures.
    """
    chain = list(_causes(error))
    first = chain[-1]
    name = type(first).__name__
    status = next(filter(None, map(_status, chain)), 0)
    told = f" (HTTP {status})" if status else f" ({name})"
    hint = _TO_CHECK.get(scheme(uri), "the credentials in the environment")
    lasting = ""
    if status in _GONE or (not status and isinstance(first, FileNotFoundError)):
        lasting = "There is no such file or folder."
    elif status in _FORBIDDEN or isinstance(first, PermissionError) or "Credential" in name:
        lasting = f"You may not read this, or it does not exist{told}: check {hint}."
    elif status == _CHANGED:
        lasting = CHANGED
    elif 0 < status < 500 and status not in _PASSING:
        lasting = f"The store refuses to give it{told}: check the name, and {hint}."
    elif not status and isinstance(first, ValueError):
        lasting = NO_PARTS if hint == _SIGNED else "The store knows no such name: check it."
    if lasting:
        return lasting, False
    what = "answered with an error" if status else "could not be reached"
    if isinstance(first, TimeoutError) or "Timeout" in name:
        what = "did not answer in time"
    return (
        f"The store {what}{told}, again and again for {PATIENCE_S:g} s: run the same command once "
        f"it has recovered. If it never worked, check {hint}."
    ), True


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error of aiohttp, or of botocore, is about."""
    status = getattr(error, "status", None)
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status if isinstance(status, int) else None
