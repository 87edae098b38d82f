"""What is counted is what was fetched, in pieces of the lengths that were chosen."""

from pathlib import Path

import pytest

from benchmarks.remote_reads import pieces, serving
from streamfer.media.remote import RemoteFile


@pytest.mark.parametrize(
    ("lengths_kib", "gets"),
    [((64, 4096), 3), ((16, 32), 7)],  # of 64, 128 and the rest; of 16, five of 32 and the rest
)
def test_each_request_and_each_byte_counts(tmp_path: Path, lengths_kib: tuple[int, int], gets: int):
    content = bytes(range(200)) * 1024
    (tmp_path / "a.bin").write_bytes(content)
    with serving(tmp_path) as server, pieces(*lengths_kib):
        uri = f"http://127.0.0.1:{server.server_port}/a.bin"
        file, opened = server.counted(lambda: RemoteFile(uri))
        with file:
            fetched, took = server.counted(file.read)
    assert fetched == content
    assert opened["requests"] >= 1
    assert opened["bytes"] == 0
    assert took == {"requests": gets, "bytes": len(content)}
