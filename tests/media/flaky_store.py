"""A store that speaks S3, behind a proxy that counts what it hands out and misbehaves when told.

The store is moto's, a server of its own in this process. The proxy passes on what is read, over
real connections; a `Fault` says what becomes of an answer instead.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "bucket"
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass(frozen=True)
class Asked:
    """One request: of a range, where both ends are told, the last byte is `stop - 1`."""

    method: str
    path: str
    start: int = 0
    stop: int = 0


@dataclass(frozen=True)
class Fault:
    """What is wrong with an answer.

    It comes after `delay_s` seconds; it is `status`, with nothing in it; of its body come `cut`
    bytes, and then the connection is closed.
    """

    delay_s: float = 0.0
    status: int = 0
    cut: int | None = None


@dataclass
class FlakyStore:
    """The store, with one bucket. `fault` says what is wrong with the answer to a request."""

    port: int
    upstream: int
    fault: Callable[[Asked], Fault] = lambda _: Fault()
    asked: list[Asked] = field(default_factory=list)
    served: int = 0

    def put(self, key: str, data: bytes) -> str:
        """Keep an object, behind the proxy's back; its URI."""
        _client(self.upstream).put_object(Bucket=BUCKET, Key=key, Body=data)
        return f"s3://{BUCKET}/{key}"

    def signed(self, key: str) -> str:
        """A signed address of an object, on the web."""
        return _client(self.port).generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": key}
        )

    def forget(self) -> None:
        """Begin to count anew."""
        self.asked, self.served = [], 0


@contextmanager
def moto() -> Iterator[int]:
    """The port of a store without faults."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield port
    server.stop()


def environment(store: FlakyStore) -> dict[str, str]:
    """What a person would set to use this store."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
    }


@contextmanager
def flaky_store(upstream: int) -> Iterator[FlakyStore]:
    """A proxy before the store at a port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        server.daemon_threads = True
        store = FlakyStore(server.server_port, upstream)
        server.store = store
        client = _client(upstream)
        client.create_bucket(Bucket=BUCKET)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield store
        server.shutdown()
        for listed in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=listed["Key"])


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        store: FlakyStore = self.server.store
        parts = _RANGE.fullmatch(self.headers.get("Range", ""))
        start, stop = (int(parts[1]), int(parts[2]) + 1) if parts else (0, 0)
        asked = Asked(self.command, unquote(urlsplit(self.path).path), start, stop)
        store.asked.append(asked)
        fault = store.fault(asked)
        time.sleep(fault.delay_s)
        with suppress(ConnectionError):  # it has not waited
            if fault.status:
                self._answer(fault.status, {}, b"", None)
                return
            connection = HTTPConnection("127.0.0.1", store.upstream)
            connection.request(self.command, self.path, headers=dict(self.headers))
            response = connection.getresponse()
            body = response.read()
            connection.close()
            store.served += len(body[: fault.cut])
            self._answer(response.status, dict(response.headers), body, fault.cut)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], body: bytes, cut: int | None) -> None:
        self.send_response(status)
        headers = {name.title(): value for name, value in headers.items()}
        for name in ("Connection", "Transfer-Encoding", "Date", "Server"):
            headers.pop(name, None)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@functools.cache
def _client(port: int) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
