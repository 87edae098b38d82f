"""How many requests it takes, and how many bytes, to use a video at a URI.

    python -m benchmarks.remote_reads --clip ../shared/data/videos/facenet__video.mp4

writes benchmarks/remote_reads.json; `python -m benchmarks.tables` puts it into docs/inputs.md. A
clip is repeated, with its sound, to ten minutes in each of three containers; the MP4's index lies
last. A web server of this process gives ranges of these files and counts, for some lengths of the
first and the longest piece (see `streamfer.media.remote`). Nothing is timed: two runs on one clip
count the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar
from unittest import mock

from benchmarks.looping import loop
from benchmarks.record import circumstances
from streamfer.config import Analysis
from streamfer.media import remote
from streamfer.media.decode import SampleReader
from streamfer.media.identity import content_id
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("av", "fsspec", "aiohttp")
SECONDS = 600
READ_S = 60
KINDS = {"MP4": "mp4", "MKV": "mkv", "MPEG-TS": "ts"}
DEFAULT_KIB = (remote._FIRST >> 10, remote._LONGEST >> 10)
PIECES_KIB = ((16, 4096), (64, 1024), (64, 4096), (64, 16384), (256, 4096), (1024, 4096))

T = TypeVar("T")


class CountingServer(ThreadingHTTPServer):
    """Gives ranges of the files in a folder; the requests, and the bytes that they were given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.requests = self.bytes = 0

    def counted(self, act: Callable[[], T]) -> tuple[T, dict[str, int]]:
        """What an act returns, and what it took."""
        self.requests = self.bytes = 0
        made = act()
        return made, {"requests": self.requests, "bytes": self.bytes}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CountingServer

    def do_HEAD(self) -> None:
        self._begin(200, self._file().stat().st_size)

    def do_GET(self) -> None:
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        with self._file().open("rb") as file:
            file.seek(first)
            part = file.read(last - first + 1)
        self.server.bytes += len(part)
        self._begin(206, len(part))
        self.wfile.write(part)

    def _file(self) -> Path:
        return self.server.folder / Path(self.path).name

    def _begin(self, status: int, length: int) -> None:
        self.server.requests += 1
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving(folder: Path) -> Iterator[CountingServer]:
    """A server of the files in a folder, at a port of this machine."""
    with CountingServer(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def pieces(first_kib: int, longest_kib: int) -> Iterator[None]:
    """Within, files at URIs are read in other pieces than by default."""
    longest = longest_kib << 10
    with (
        mock.patch.object(remote.RemoteFile.__init__, "__defaults__", (first_kib << 10,)),
        mock.patch.multiple(remote, _LONGEST=longest, _KEPT=3 * longest),
    ):
        yield


def middle(info: MediaInfo) -> int:
    """Read a minute from the middle, as a worker would; how many samples that gave."""
    fps = Analysis().fps
    start = int(fps * (info.duration_s - READ_S) / 2)
    return sum(1 for _ in SampleReader(info, fps, start, start + fps * READ_S))


def measure(server: CountingServer, name: str) -> dict[str, dict[str, int]]:
    """What it takes to look at a video, to read a minute of it, and to tell it from others."""
    uri = f"http://127.0.0.1:{server.server_port}/{name}"
    info, look = server.counted(lambda: probe(uri, Limits()))
    _, minute = server.counted(lambda: middle(info))
    _, identity = server.counted(lambda: content_id(uri))
    return {"look": look, "minute": minute, "content_id": identity}


def main() -> None:
    """Count, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    clip = parser.parse_args().clip
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        files = {}
        for kind, suffix in KINDS.items():
            file = loop(clip, Path(name) / f"video.{suffix}", SECONDS, sound=True)
            info = probe(str(file), Limits())
            files[kind] = {
                "bytes": info.size_bytes,
                "seconds": round(info.duration_s, 1),
                "height": info.height,
                "run_up_s": round(info.run_up_s, 2),
            }
        ways = []
        for first_kib, longest_kib in PIECES_KIB:
            with pieces(first_kib, longest_kib):
                counts = {kind: measure(server, f"video.{end}") for kind, end in KINDS.items()}
            ways.append({"first_kib": first_kib, "longest_kib": longest_kib, "files": counts})
            print(json.dumps(ways[-1]), flush=True)
    settings = {"default_kib": DEFAULT_KIB, "read_s": READ_S, "files": files}
    result = circumstances(*PACKAGES) | settings | {"ways": ways}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
