"""A store of objects (moto's S3) behind a proxy that misbehaves when told to."""

from __future__ import annotations

import http.client
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.request import urlopen

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from streamfer.store.objects import ObjectFolder

Fault = Literal["500", "503", "403", "cut", "deaf", "slow"]
"""cut: the request is not passed on; deaf: it is, but not the answer; slow: late."""

_CODES = {"500": "InternalError", "503": "SlowDown", "403": "AccessDenied"}


@dataclass
class _Trouble:
    fault: Fault
    request: re.Pattern[str]
    times: float


class FlakyStore:
    """What the store was asked, and what is to go wrong with it.

    environment: what makes a process take it for Amazon's.
    requests: methods and paths, such as `PUT /bucket/key`, in the order in which they came.
    """

    def __init__(self, url: str, bucket: str) -> None:
        self.bucket = bucket
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",  # what streamfer does itself is to be seen
        }
        self.requests: list[str] = []
        self._troubles: list[_Trouble] = []
        self._before: list[tuple[str, Callable[[], object]]] = []

    def place(self, name: str) -> str:
        """The URI of an object."""
        return f"s3://{self.bucket}/{name}"

    def trouble(self, fault: Fault, request: str, times: float = float("inf")) -> None:
        """Let the next requests that match, so often, go wrong."""
        self._troubles.append(_Trouble(fault, re.compile(request), times))

    def recover(self) -> None:
        """Let everything go well again."""
        self._troubles.clear()

    def before(self, request: str, act: Callable[[], object]) -> None:
        """Do something before the next request that matches is passed on."""
        self._before.append((request, act))

    def due(self, request: str) -> Fault | None:
        """Note a request; what is to go wrong with it."""
        self.requests.append(request)
        for entry in self._before:
            if re.search(entry[0], request):
                self._before.remove(entry)
                entry[1]()
                break
        for trouble in self._troubles:
            if trouble.times > 0 and trouble.request.search(request):
                trouble.times -= 1
                return trouble.fault
        return None


class _Proxy(BaseHTTPRequestHandler):
    """Passes requests on to moto, one at a time: its conditional puts are not atomic."""

    protocol_version = "HTTP/1.1"
    one_at_a_time = threading.Lock()
    behind: tuple[str, int]
    store: FlakyStore

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.store.due(f"{self.command} {self.path}")
        if fault == "slow":
            time.sleep(0.3)
        if fault in _CODES:
            error = f"<Error><Code>{_CODES[fault]}</Code><Message>{_CODES[fault]}</Message></Error>"
            self._answer(int(fault), {}, error.encode())
            return
        if fault != "cut":
            with self.one_at_a_time:
                moto = http.client.HTTPConnection(*self.behind)
                moto.request(self.command, self.path, body, dict(self.headers))
                answer = moto.getresponse()
                content = answer.read()
                moto.close()
        if fault in {"cut", "deaf"}:
            self.close_connection = True
            return
        self._answer(answer.status, dict(answer.getheaders()), content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {"connection", "content-length", "transfer-encoding"}:
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyStore]:
    """A store with a bucket; this process takes it for Amazon's, and has little patience."""
    monkeypatch.setattr(logging.getLogger("werkzeug"), "disabled", True)  # moto's
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    handler = type("Handler", (_Proxy,), {"behind": moto.get_host_and_port()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        handler.store = FlakyStore(f"http://127.0.0.1:{proxy.server_port}", "bucket")
        threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
        for name, value in handler.store.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(ObjectFolder, "patience_s", 1.0)
        monkeypatch.setattr(ObjectFolder, "pause_s", 0.05)
        s3fs.S3FileSystem.clear_instance_cache()
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        client.close()
        try:
            yield handler.store
        finally:
            proxy.shutdown()
            # What moto keeps belongs to the process, not to the server.
            urlopen(f"http://{':'.join(map(str, handler.behind))}/moto-api/reset", data=b"").close()
            moto.stop()
