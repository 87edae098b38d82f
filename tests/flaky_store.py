"""A store that speaks S3, behind a proxy that tells what it was asked and misbehaves when told.

The store is moto's, a server of its own in this process. The proxy passes requests on, over real
connections; a `Fault` says what becomes of an answer instead.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "bucket"
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_CODES = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}


@dataclass(frozen=True)
class Asked:
    """One request: of a range, where both ends are told, the last byte is `stop - 1`."""

    method: str
    target: str
    start: int = 0
    stop: int = 0

    @property
    def path(self) -> str:
        """Bucket and key."""
        return unquote(urlsplit(self.target).path)

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True)
class Fault:
    """What is wrong with an answer.

    It is the error `status`; it comes after `delay_s` seconds; of its body come `cut` bytes, and
    then the connection is closed; the request, or else its answer, is lost with the connection.
    """

    status: int = 0
    delay_s: float = 0.0
    cut: int | None = None
    lost: Literal["request", "answer"] | None = None


@dataclass
class FlakyStore:
    """The store, with one bucket. `fault` says what is wrong with the answer to a request.

    environment: what a person would set to use this store.
    """

    port: int
    upstream: int
    environment: dict[str, str]
    fault: Callable[[Asked], Fault] = lambda _: Fault()
    asked: list[Asked] = field(default_factory=list)
    served: int = 0
    _before: list[tuple[str, Callable[[], object]]] = field(default_factory=list)

    def place(self, key: str) -> str:
        """The URI of an object."""
        return f"s3://{BUCKET}/{key}"

    def put(self, key: str, data: bytes) -> str:
        """Keep an object, behind the proxy's back; its URI."""
        _client(self.upstream).put_object(Bucket=BUCKET, Key=key, Body=data)
        return self.place(key)

    def signed(self, key: str) -> str:
        """A signed address of an object, on the web."""
        return _client(self.port).generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": key}
        )

    def forget(self) -> None:
        """Begin to count anew."""
        self.asked, self.served = [], 0

    def trouble(self, fault: Fault, request: str, times: float = float("inf")) -> None:
        """Let the next requests that match, so often, go wrong, and no others."""

        def choose(asked: Asked) -> Fault:
            nonlocal times
            if times <= 0 or not re.search(request, str(asked)):
                return Fault()
            times -= 1
            return fault

        self.fault = choose

    def recover(self) -> None:
        """Let everything go well again."""
        self.fault = lambda _: Fault()

    def before(self, request: str, act: Callable[[], object]) -> None:
        """Do something before the next request that matches is passed on."""
        self._before.append((request, act))

    def note(self, asked: Asked) -> Fault:
        """Take a request; what is to go wrong with it."""
        self.asked.append(asked)
        for entry in self._before:
            if re.search(entry[0], str(asked)):
                self._before.remove(entry)
                entry[1]()
                break
        return self.fault(asked)


@contextmanager
def moto() -> Iterator[int]:
    """The port of a store without faults."""
    logging.getLogger("werkzeug").disabled = True  # moto's; what streamfer logs is to be seen
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield port
    server.stop()


@contextmanager
def flaky_store(upstream: int) -> Iterator[FlakyStore]:
    """A proxy before the store at a port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        }
        server.store = FlakyStore(server.server_port, upstream, environment)
        _client(upstream).create_bucket(Bucket=BUCKET)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.store
        server.shutdown()
        urlopen(f"http://127.0.0.1:{upstream}/moto-api/reset", data=b"").close()


class _Proxy(BaseHTTPRequestHandler):
    """Passes requests on to moto, one at a time: its conditional puts are not atomic."""

    protocol_version = "HTTP/1.1"
    one_at_a_time = threading.Lock()

    def _pass_on(self) -> None:
        store: FlakyStore = self.server.store
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = _RANGE.fullmatch(self.headers.get("Range", ""))
        start, stop = (int(parts[1]), int(parts[2]) + 1) if parts else (0, 0)
        fault = store.note(Asked(self.command, self.path, start, stop))
        time.sleep(fault.delay_s)
        status, headers, content = fault.status, {}, b""
        if status:
            code = _CODES.get(status, "")
            content = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        elif fault.lost != "request":
            with self.one_at_a_time:
                connection = HTTPConnection("127.0.0.1", store.upstream)
                connection.request(self.command, self.path, body, dict(self.headers))
                response = connection.getresponse()
                status, content = response.status, response.read()
                headers = {name.title(): value for name, value in response.headers.items()}
                connection.close()
            store.served += len(content[: fault.cut])
        self.close_connection = fault.cut is not None or fault.lost is not None
        if not fault.lost:
            with suppress(ConnectionError):  # it has not waited
                headers = {"Content-Length": str(len(content))} | headers
                self._answer(status, headers, content[: fault.cut])

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name not in {"Connection", "Transfer-Encoding"}:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@functools.cache
def _client(port: int) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
