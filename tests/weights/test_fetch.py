"""Downloads from a web server on this machine that cuts, stalls, changes and lies."""

import hashlib
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from streamfer.errors import UsageError
from streamfer.weights import fetch as fetching
from streamfer.weights.catalogue import File, Input, Model
from streamfer.weights.fetch import fetch, keep
from tests.weights.server import Server, serving

CONTENT = np.random.default_rng(7).bytes(1_000_000)
OTHER = np.random.default_rng(8).bytes(1_000_000)
AT_ONCE = (0.0, 0.0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder."""
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def model(*files: File) -> Model:
    return Model(
        name="net",
        task="backbone",
        about="A test.",
        code_licence="-",
        weights_licence="-",
        commercial="no",
        training_data="-",
        input=Input("-", "-", "-"),
        source="a friend",
        files=files,
    )


def published(server: Server, content: bytes = CONTENT, size: int | None = None) -> Model:
    return model(File("net.onnx", size, sha256(content), server.url))


def left(folder: Path) -> list[str]:
    """All files under the user's folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_file_is_brought_once_and_lies_where_it_is_looked_for(folder: Path, size: int | None):
    told = []
    with serving(CONTENT) as server:
        net = published(server, size=size)
        path = fetch(net, lambda file, done, total: told.append((file.name, done, total)))
        assert fetch(net) == path == folder / "backbone" / "net.onnx"

    assert path.read_bytes() == CONTENT
    assert left(folder) == ["backbone/net.onnx"]
    assert server.asked == [(None, None)]
    assert told[0] == ("net.onnx", 0, len(CONTENT))
    assert told[-1] == ("net.onnx", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_cut_connection_is_taken_up_where_it_broke(folder: Path):
    with serving(CONTENT, cuts=[300_000, 1, 500_000]) as server:
        path = fetch(published(server), pauses_s=AT_ONCE)

    assert path.read_bytes() == CONTENT
    assert server.asked == [
        (None, None),
        ("bytes=300000-", '"one"'),
        ("bytes=300001-", '"one"'),
        ("bytes=800001-", '"one"'),
    ]


def test_as_many_cuts_as_bring_something_are_borne(folder: Path):
    with serving(CONTENT, cuts=[40_000] * 24) as server:
        assert fetch(published(server), pauses_s=()).read_bytes() == CONTENT


def test_whatever_comes_gives_new_patience(folder: Path):
    with serving(CONTENT, cuts=[0, 1000, 0, 500, 0]) as server:
        assert fetch(published(server), pauses_s=(0.0,)).read_bytes() == CONTENT
    with serving(OTHER, cuts=[0, 1000, 0, 0]) as server:
        net = model(File("other.pt", None, sha256(OTHER), server.url))
        with pytest.raises(UsageError, match="the connection was cut"):
            fetch(net, pauses_s=(0.0,))


def test_a_server_without_etag_is_resumed_too(folder: Path):
    with serving(CONTENT, cuts=[300_000], etag="") as server:
        path = fetch(published(server), pauses_s=AT_ONCE)

    assert path.read_bytes() == CONTENT
    assert server.asked[1] == ("bytes=300000-", None)


def test_a_weak_etag_is_not_relied_on(folder: Path):
    with serving(CONTENT, cuts=[300_000], etag='W/"one"') as server:
        assert fetch(published(server), pauses_s=AT_ONCE).read_bytes() == CONTENT
    assert server.asked[1] == ("bytes=300000-", None)


def test_a_server_that_gives_no_parts_begins_anew(folder: Path):
    with serving(CONTENT, cuts=[700_000], ranges=False) as server:
        path = fetch(published(server), pauses_s=AT_ONCE)

    assert path.read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_server_that_does_not_say_how_long_the_file_is(folder: Path):
    with serving(CONTENT, length=False) as server:
        assert fetch(published(server)).read_bytes() == CONTENT
    with serving(OTHER, length=False, cuts=[1000]) as server, pytest.raises(UsageError):
        fetch(model(File("net.onnx", None, sha256(OTHER), server.url)))
    assert not (folder / "backbone" / "net.onnx.part").exists()


def test_what_came_before_a_death_is_used_by_the_next_try(folder: Path):
    hang = threading.Event()
    with serving(CONTENT, cuts=[400_000], hang=hang) as server:
        code = f"""
from streamfer.weights.fetch import fetch
from tests.weights.test_fetch import CONTENT, model, sha256, File
fetch(model(File("net.onnx", None, sha256(CONTENT), {server.url!r})))
"""
        root = Path(__file__).parents[2]
        process = subprocess.Popen([sys.executable, "-c", code], cwd=root)
        part = folder / "backbone" / "net.onnx.part"
        deadline = time.monotonic() + 60
        while not part.exists() or part.stat().st_size < 400_000:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

        with pytest.raises(UsageError, match="Another process is just writing"):
            fetch(published(server))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (folder / "backbone" / "net.onnx").exists()
        path = fetch(published(server))

    assert path.read_bytes() == CONTENT
    assert server.asked[-1] == ("bytes=400000-", '"one"')
    assert left(folder) == ["backbone/net.onnx"]


def test_a_death_before_the_last_step_costs_no_second_download(folder: Path):
    part = folder / "backbone" / "net.onnx.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    with serving(CONTENT) as server:
        assert fetch(published(server)).read_bytes() == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("rest", [OTHER[:1000], OTHER, OTHER + b"more"])
def test_rubbish_from_an_earlier_try_never_becomes_the_file(folder: Path, rest: bytes):
    part = folder / "backbone" / "net.onnx.part"
    part.parent.mkdir()
    part.write_bytes(rest)
    with serving(CONTENT) as server:
        try:
            path = fetch(published(server), pauses_s=AT_ONCE)
        except UsageError as error:
            assert "is not the published file, and was removed" in str(error)  # noqa: PT017
            assert left(folder) == []
            path = fetch(published(server), pauses_s=AT_ONCE)
    assert path.read_bytes() == CONTENT


def test_a_file_that_changes_between_two_tries_is_not_mixed(folder: Path):
    with serving(OTHER, cuts=[400_000, 0, 0, 0], etag='"old"') as server:
        with pytest.raises(UsageError, match="What has come is kept"):
            fetch(published(server), pauses_s=AT_ONCE)
        assert (folder / "backbone" / "net.onnx.part").stat().st_size == 400_000

        server.content, server.etag = CONTENT, '"new"'
        path = fetch(published(server), pauses_s=AT_ONCE)

    assert path.read_bytes() == CONTENT
    assert server.asked[-1] == ("bytes=400000-", '"old"')


def test_wrong_bytes_are_removed_and_told(folder: Path):
    with serving(OTHER) as server:
        for size in (None, len(CONTENT)):
            with pytest.raises(UsageError) as error:
                fetch(published(server, size=size))
            message = str(error.value)
            assert server.url in message
            assert "is not the published file, and was removed: it has 1000000 bytes" in message
            assert sha256(OTHER)[:12] in message
            assert sha256(CONTENT)[:12] in message
            assert left(folder) == []


def test_a_file_of_another_size_is_not_even_downloaded(folder: Path):
    with serving(b"<html>Please log in</html>") as server:
        net = published(server, size=len(CONTENT))
        with pytest.raises(UsageError, match="it has 26 bytes, expected 1000000"):
            fetch(net)
    assert left(folder) == []


def test_wrong_bytes_do_not_replace_what_is_there(folder: Path):
    with serving(CONTENT) as server:
        path = fetch(published(server))
        server.content = OTHER
        damaged = CONTENT[:-1] + b"\0"
        path.write_bytes(damaged)
        with pytest.raises(UsageError):
            fetch(published(server))
        assert path.read_bytes() == damaged

        server.content = CONTENT
        assert fetch(published(server)).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403, 410, 401])
def test_a_refusal_is_told_at_once(folder: Path, status: int):
    with serving(CONTENT, statuses=[status]) as server:
        net = published(server)
        with pytest.raises(UsageError, match=rf"{server.url} cannot be fetched: .* {status} "):
            fetch(net)
    assert len(server.asked) == 1
    assert left(folder) == []


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_is_asked_again(folder: Path, status: int):
    with serving(CONTENT, statuses=[status, status]) as server:
        assert fetch(published(server), pauses_s=AT_ONCE).read_bytes() == CONTENT

    with serving(CONTENT, statuses=[status] * 3) as server:
        net = model(File("other.onnx", None, sha256(CONTENT), server.url))
        net.place.unlink()
        with pytest.raises(UsageError, match=rf"the server answers {status} "):
            fetch(net, pauses_s=AT_ONCE)
    assert left(folder) == []


def test_a_server_that_says_nothing_more_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.3)
    with serving(CONTENT, cuts=[1000, 0, 0, 0], hang=threading.Event()) as server:
        with pytest.raises(UsageError, match=r"timed out.*What has come is kept"):
            fetch(published(server), pauses_s=AT_ONCE)
        server.hang = None
        assert fetch(published(server)).read_bytes() == CONTENT
    assert server.asked[-1] == ("bytes=1000-", '"one"')


def test_an_absent_server_is_told(folder: Path):
    with serving(CONTENT) as server:
        net = published(server)
    with pytest.raises(UsageError, match="Connection refused"):
        fetch(net, pauses_s=AT_ONCE)
    assert left(folder) == []


def test_pauses_between_tries_grow_and_end(monkeypatch: pytest.MonkeyPatch):
    with serving(CONTENT, statuses=[503] * 3) as server:
        started = time.monotonic()
        with pytest.raises(UsageError):
            fetch(published(server), pauses_s=(0.1, 0.3))
    assert time.monotonic() - started >= 0.4
    assert len(server.asked) == 3


def test_a_model_of_several_files_is_a_folder(folder: Path):
    with serving(CONTENT) as first, serving(OTHER) as second:
        net = model(
            File("p.pt", None, sha256(CONTENT), first.url),
            File("r.pt", None, sha256(OTHER), second.url),
        )
        place = fetch(net)
        (place / "r.pt").unlink()
        assert fetch(net) == place == folder / "backbone" / "net"
    assert (place / "p.pt").read_bytes() == CONTENT
    assert (place / "r.pt").read_bytes() == OTHER
    assert (len(first.asked), len(second.asked)) == (1, 2)


@pytest.mark.parametrize(
    "file", [File("net.onnx", 1, None, "http://127.0.0.1:1/"), File("net.onnx", 1, "0" * 64)]
)
def test_without_a_sha256_or_an_address_nothing_is_fetched(folder: Path, file: File):
    with pytest.raises(UsageError, match=r"net cannot be fetched by streamfer: get net\.onnx from"):
        fetch(model(file))
    assert left(folder) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(tmp_path / "file"))
    with serving(CONTENT) as server, pytest.raises(UsageError, match="cannot be written: "):
        fetch(published(server))
    assert server.asked == []


def test_a_full_disk_is_told_and_no_reason_to_ask_again(tmp_path: Path):
    code = """
import resource, signal, sys
from streamfer.errors import UsageError
from streamfer.weights.fetch import fetch
from tests.weights.server import serving
from tests.weights.test_fetch import CONTENT, published
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
with serving(CONTENT) as server:
    try:
        fetch(published(server))
    except UsageError as error:
        print(error, len(server.asked))
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert "net.onnx.part cannot be written: File too large. 1" in done.stdout


def test_a_copy_is_whole_or_not_at_all(folder: Path, tmp_path: Path):
    source = tmp_path / "mine.onnx"
    source.write_bytes(CONTENT)
    path = folder / "detector" / "mine.onnx"

    with pytest.raises(UsageError, match="has changed while it was copied, and was removed"):
        keep(source, path, sha256(OTHER))
    assert not path.exists()
    path.with_name("mine.onnx.part").write_bytes(b"left by a copy that died")
    keep(source, path, sha256(CONTENT))

    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(UsageError, match="gone cannot be read"):
        keep(tmp_path / "gone", path, sha256(CONTENT))
    assert path.read_bytes() == CONTENT
