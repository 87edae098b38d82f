"""Brings weights into the user's folder, by download or by copy: whole and checked, or not at all.

What is under way lies in `NAME.part`, which is never used; a download that was cut off goes on
from there. Only what a person asks for is downloaded, and only from the address in the catalogue.
"""

from __future__ import annotations

import fcntl
import http
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from streamfer.errors import UsageError
from streamfer.weights.catalogue import File, Model, file_sha256, how_to_get

TIMEOUT_S = 30.0  # without a byte
PAUSES_S = (1.0, 2.0, 4.0, 8.0)  # between tries that brought nothing
CHUNK = 2**16  # bytes

Progress = Callable[[File, int, int | None], None]
"""Told the file, its bytes so far, and all of them where that is known."""


def fetch(
    model: Model, progress: Progress = lambda *_: None, pauses_s: Sequence[float] = PAUSES_S
) -> Path:
    """Download the files of a model that are not in the user's folder, and return its place.

    A connection that is cut is taken up again, at once if it brought anything, or else after each
    of the pauses.

    Raises:
        UsageError: There is nothing that can be fetched, the server does not give it, or what it
            gives is not the published file.
    """
    if not model.can_be_fetched:
        raise UsageError(f"{model.name} cannot be fetched by streamfer: {how_to_get(model)}.")
    for file, path in model.paths(model.place):
        if path.is_file() and file_sha256(path) == file.sha256:
            continue
        with _part(path) as part:
            if file_sha256(Path(part.name)) != file.sha256:
                _download(file, part, progress, pauses_s)
            _put(part, path, file.sha256, f"What {file.url} gave is not the published file")
    return model.place


def keep(source: Path, path: Path, sha256: str) -> None:
    """Copy a file whose sha256 is known to `path` in the user's folder.

    Raises:
        UsageError: It cannot be read or written, or has changed.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}.") from None
    with _part(path) as part:
        part.truncate(0)
        part.write(content)
        _put(part, path, sha256, f"{source} has changed while it was copied")


@contextmanager
def _part(path: Path) -> Iterator[BinaryIO]:
    """The file that shall become `path`, with what an earlier try left; its only writer."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("a+b") as file:
            _lock(file, part)
            try:
                yield file
            finally:
                file.flush()
                if part.exists() and not part.stat().st_size:
                    part.unlink()
                    _etag_file(file).unlink(missing_ok=True)
    except BlockingIOError:
        raise UsageError(f"Another process is just writing {part}.") from None
    except OSError as error:
        raise UsageError(f"{part} cannot be written: {error.strerror or error}.") from None


def _lock(file: BinaryIO, part: Path) -> None:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if not os.path.samestat(os.fstat(file.fileno()), part.stat()):
        raise BlockingIOError  # another process has just given this file its final name


def _put(part: BinaryIO, path: Path, sha256: str | None, complaint: str) -> None:
    """Give a finished file its name, or remove it if it is not what it should be."""
    part.flush()
    os.fsync(part.fileno())
    written = Path(part.name)
    _etag_file(part).unlink(missing_ok=True)
    found = file_sha256(written)
    if found != sha256:
        size = written.stat().st_size
        written.unlink()
        raise UsageError(
            f"{complaint}, and was removed: it has {size} bytes and sha256 {found[:12]}…, "
            f"expected {(sha256 or 'none')[:12]}…."
        )
    written.replace(path)


class _CutError(Exception):
    """The server is not there, not ready, or has gone; it may be asked again."""


def _download(file: File, part: BinaryIO, progress: Progress, pauses_s: Sequence[float]) -> None:
    """Fill `part` with all that the server has, going on from what is there."""
    pauses = iter(pauses_s)
    while True:
        before = part.seek(0, os.SEEK_END)
        try:
            _receive(file, part, progress)
        except _CutError as cut:
            if part.seek(0, os.SEEK_END) > before:
                pauses = iter(pauses_s)
            elif (pause := next(pauses, None)) is not None:
                time.sleep(pause)
            else:
                kept = " What has come is kept: the same command goes on from there."
                raise UsageError(
                    f"{file.url} cannot be fetched: {cut}.{kept if part.tell() else ''}"
                ) from None
        else:
            return


def _receive(file: File, part: BinaryIO, progress: Progress) -> None:
    """Append what the server gives when it is asked once; `_CutError` where that is not all."""
    done = part.seek(0, os.SEEK_END)
    with _ask(file, part, done) as answer:
        goes_on = answer.headers.get("Content-Range", "").startswith(f"bytes {done}-")
        begin = done if goes_on else 0
        total = file.size if answer.length is None else begin + answer.length
        if file.size not in (None, total):
            raise UsageError(
                f"{file.url} is not the published file: it has {total} bytes, expected {file.size}."
            )
        if not goes_on:
            done = 0
            part.truncate(0)
            _etag_file(part).write_text(answer.headers.get("ETag", ""), encoding="utf-8")
        progress(file, done, total)
        while (total is None or done < total) and (chunk := _read(answer)):
            part.write(chunk)
            part.flush()
            done += len(chunk)
            progress(file, done, total)
    if total is not None and done < total:
        raise _CutError("the connection was cut")


def _ask(file: File, part: BinaryIO, done: int) -> http.client.HTTPResponse:
    """Ask for the bytes from `done` on, or for all of them where the file has changed since."""
    headers = {"Range": f"bytes={done}-"} if done else {}
    with suppress(FileNotFoundError):
        etag = _etag_file(part).read_text(encoding="utf-8")
        if done and etag.startswith('"'):  # a weak one does not promise the same bytes
            headers["If-Range"] = etag
    request = urllib.request.Request(file.url or "", headers=headers)  # noqa: S310 - our addresses
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310
            request, timeout=TIMEOUT_S
        )
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.truncate(0)
        elif error.code < 500 and error.code != http.HTTPStatus.TOO_MANY_REQUESTS:
            raise UsageError(
                f"{file.url} cannot be fetched: the server answers {error.code} {error.reason}."
            ) from None
        raise _CutError(f"the server answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(str(getattr(error, "reason", error)) or type(error).__name__) from None
    return answer


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(CHUNK)  # what has come: read would wait for more, and lose it
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(str(error) or type(error).__name__) from None


def _etag_file(part: BinaryIO) -> Path:
    """Where the server's name for these very bytes is kept beside them."""
    return Path(f"{part.name}.etag")
