"""A web server on this machine that serves one file, as badly as a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What is served, and what was asked for.

    Attributes:
        content: The file.
        cuts: After how many bytes of its body each answer ends; answers after these are whole.
        statuses: Codes to answer with at first, instead of the file.
        ranges: Whether it gives parts.
        etag: Its name for the bytes; "" if it does not give one.
        length: Whether it says how long an answer is.
        hang: An answer stops, but its connection stays, until this is set.
        asked: The headers Range and If-Range of each request.
    """

    content: bytes
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str = '"one"'
    length: bool = True
    hang: threading.Event | None = None
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted, condition = handler.headers["Range"], handler.headers["If-Range"]
        self.asked.append((wanted, condition))
        if self.statuses:
            handler.send_error(self.statuses.pop(0))
            return
        body, start = self.content, 0
        if self.ranges and wanted and condition in (None, self.etag):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                handler.send_error(416)
                return
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        if self.etag:
            handler.send_header("ETag", self.etag)
        if self.length:
            handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        cut = self.cuts.pop(0) if self.cuts else len(body)
        handler.wfile.write(body[start:][:cut])
        handler.wfile.flush()
        if cut < len(body) and self.hang:
            self.hang.wait()


@contextmanager
def serving(content: bytes, **behaviour: object) -> Iterator[Server]:
    """Serve `content` at the address in `url`."""
    server = Server(content, **behaviour)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(ConnectionError):  # whoever asked has seen enough
                server.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}/net.onnx"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        if server.hang:
            server.hang.set()
        http.shutdown()
        thread.join()
        http.server_close()
