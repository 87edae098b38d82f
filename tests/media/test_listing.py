"""Folders, patterns and lists that URIs name, in a store that speaks S3 and on the web."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from streamfer.errors import UsageError
from streamfer.media import patience
from streamfer.media.discover import discover
from tests.flaky_store import Asked, Fault, FlakyStore

VIDEOS = ["v/a.mp4", "v/b.MKV", "v/deep/er/c.webm", "v/deep//d.mp4", "v/e [1]?.mp4", "w/f.mp4"]


@pytest.fixture
def full(bucket: FlakyStore) -> FlakyStore:
    for key in [*VIDEOS, "v/notes.txt", "v/deep/", "v/plain"]:
        bucket.put(key, b"x")
    return bucket


def keys(*inputs: str) -> list[str]:
    return [source.key for source in discover(inputs).videos]


@pytest.mark.parametrize("folder", ["s3://bucket/v", "s3://bucket/v/"])
def test_a_folder_is_searched_with_all_that_is_in_it(full: FlakyStore, folder: str):
    found = discover([folder])
    assert sorted(source.key for source in found.videos) == sorted(
        f"s3://bucket/{key}" for key in VIDEOS if key.startswith("v/")
    )
    assert all(source.path == source.key and not source.explicit for source in found.videos)
    assert found.others == 2
    assert found.problems == []


def test_a_whole_bucket(full: FlakyStore):
    assert len(keys("s3://bucket")) == len(keys("s3://bucket/")) == len(VIDEOS)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("v/*.mp4", ["v/a.mp4", "v/e [1]?.mp4"]),
        ("v/?.M*", ["v/b.MKV"]),
        ("v/**/*.webm", ["v/deep/er/c.webm"]),
        ("*/[af].mp4", ["v/a.mp4", "w/f.mp4"]),
        ("w*", ["w/f.mp4"]),  # the files of a folder
        ("v/e [1]?.mp4", ["v/e [1]?.mp4"]),  # a name, where it exists
    ],
)
def test_a_pattern(full: FlakyStore, pattern: str, found: list[str]):
    assert keys(f"s3://bucket/{pattern}") == [f"s3://bucket/{key}" for key in found]


def test_a_file_is_taken_whatever_its_name_and_videos_are_not_asked_after(full: FlakyStore):
    (source,) = discover(["s3://bucket/v/plain"]).videos
    assert source.explicit
    full.forget()
    found = discover(["s3://bucket/v/a.mp4", "s3://bucket/v/gone.mp4"])
    assert len(found.videos) == 2
    assert full.asked == []


def test_a_list_may_lie_there_and_name_files_there_and_here(
    full: FlakyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.mp4").write_bytes(b"x")
    text = "s3://bucket/v/a.mp4\nhere.mp4\n\ns3://bucket/w/\n"
    (tmp_path / "list.txt").write_text(text)
    full.put("list.txt", text.encode())
    expected = ["s3://bucket/v/a.mp4", "here.mp4", "s3://bucket/w/f.mp4"]
    assert keys("@list.txt") == keys("@s3://bucket/list.txt") == expected


def test_the_run_s_own_output_is_passed_over(full: FlakyStore):
    found = discover(["s3://bucket/v"], ["s3://bucket/v/deep", "s3://bucket/v/a"])
    assert [source.key for source in found.videos] == [
        "s3://bucket/v/a.mp4",
        "s3://bucket/v/b.MKV",
        "s3://bucket/v/e [1]?.mp4",
    ]


def test_what_is_missing_is_a_problem_beside_what_is_there(full: FlakyStore):
    inputs = ["s3://bucket/gone", "s3://bucket/gone/", "s3://bucket/gone*", "s3://none/v/"]
    found = discover([*inputs, "@s3://bucket/gone.txt", "s3://bucket/w"])
    assert [source.key for source in found.videos] == ["s3://bucket/w/f.mp4"]
    reasons = dict(found.problems)
    assert list(reasons) == [*inputs, "@s3://bucket/gone.txt"]
    assert reasons["s3://bucket/gone"] == "There is no such file or folder."
    assert reasons["s3://bucket/gone*"] == "Nothing matches this pattern."
    assert all(reason.endswith(".") for reason in reasons.values())


@pytest.mark.parametrize("inputs", ["s3://bucket/v/", "s3://bucket/v/*.mp4"])
def test_a_refused_listing_says_what_to_check(full: FlakyStore, inputs: str):
    def refuse(asked: Asked) -> Fault:
        return Fault(status=403)

    full.fault = refuse
    with pytest.raises(UsageError) as raised:
        discover([inputs])
    assert "HTTP 403" in str(raised.value)
    assert "AWS_ACCESS_KEY_ID" in str(raised.value)
    assert "AWS_ENDPOINT_URL" in str(raised.value)


@pytest.mark.parametrize("inputs", ["s3://bucket/v/", "s3://bucket/v/*.mp4"])
def test_a_listing_that_fails_at_first_is_whole_in_the_end(full: FlakyStore, inputs: str):
    whole = keys(inputs)
    S3FileSystem.clear_instance_cache()  # it remembers listings
    counts: dict[str, int] = {}

    def fail_twice(asked: Asked) -> Fault:
        counts[asked.path] = counts.get(asked.path, 0) + 1
        return Fault(status=500 if counts[asked.path] < 3 else 0)

    full.fault = fail_twice
    assert keys(inputs) == whole
    assert max(counts.values()) > 2


def test_a_listing_that_fails_for_good_is_a_problem(
    full: FlakyStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "PATIENCE_S", 1.0)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    full.fault = lambda _: Fault(status=500)
    found = discover(["s3://bucket/v/", "s3://bucket/v/a.mp4"])
    assert len(found.videos) == 1
    ((name, reason),) = found.problems
    assert name == "s3://bucket/v/"
    assert "answered with an error (HTTP 500)" in reason


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server that shows folders as indexes of links; its address."""
    for name in ("v/a.mp4", "v/deep/b c.mp4", "v/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_index_of_links_is_a_folder(web: str):
    found = discover([f"{web}/v/"])
    assert [source.key for source in found.videos] == [f"{web}/v/a.mp4", f"{web}/v/deep/b%20c.mp4"]
    assert found.others == 1
    assert keys(f"{web}/v/*.mp4") == [f"{web}/v/a.mp4"]


def test_neither_password_nor_signature_is_in_a_key(web: str):
    address = web.replace("//", "//user:secret@") + "/v/a.mp4?X-Amz-Signature=secret&t=*"
    gone = address.partition("/v/")[0] + "/gone/"
    found = discover([address, address + "2", gone])
    assert [source.key for source in found.videos] == [f"{web}/v/a.mp4", f"{web}/v/a.mp4#2"]
    assert [source.path for source in found.videos] == [address, address + "2"]
    assert [key for key, _ in found.problems] == [f"{web}/gone/"]
    assert "secret" not in str(found.problems)


def test_a_uri_that_nothing_here_opens_stops_the_run_without_its_secrets():
    with pytest.raises(UsageError, match=r"nothing://host/a\.mp4 cannot be opened") as raised:
        discover(["nothing://user:secret@host/a.mp4"])
    assert "secret" not in str(raised.value)


def test_files_of_this_machine_may_be_uris(tmp_path: Path):
    (tmp_path / "a b.mp4").write_bytes(b"x")
    (source,) = discover([(tmp_path / "a b.mp4").as_uri().replace("%20", " ")]).videos
    assert (source.key, source.path) == ("a b.mp4", str(tmp_path / "a b.mp4"))
