"""Videos at URIs are read by parts, from stores that fail, and never taken for shorter."""

from __future__ import annotations

import _thread
import functools
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from streamfer.errors import InputError
from streamfer.media import patience, remote
from streamfer.media.audio import SoundReader
from streamfer.media.decode import SampleReader
from streamfer.media.identity import content_id, version
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe
from tests.flaky_store import Asked, Fault, FlakyStore
from tests.media.making import GROUPS, make_video

MB = 1_000_000
KINDS = ["last.mp4", "first.mp4", "a.mkv", "a.ts"]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Short videos with sound, each made once: of an MP4, the index lies first or last."""

    @functools.cache
    def make(kind: str, seconds: int = 4) -> Path:
        return make_video(
            tmp_path_factory.mktemp("videos") / kind,
            options=GROUPS,
            times=range(25 * seconds),
            container_options={"movflags": "faststart"} if kind == "first.mp4" else {},
            sound_from=0.0,
        )

    return make


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first failure is the last, so that a test need not wait."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.fixture
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small video takes many requests."""
    monkeypatch.setattr(remote, "_LONGEST", 4096)
    monkeypatch.setattr(remote.RemoteFile.__init__, "__defaults__", (2048,))


def pictures(info: MediaInfo) -> list[tuple[int, float, bytes]]:
    return [(s.tick, s.time_s, s.picture.tobytes()) for s in SampleReader(info, 5)]


def sounds(info: MediaInfo) -> list[tuple[int, bytes]]:
    reader = SoundReader(info, 0, Fraction(100))
    return [(stretch.start, stretch.samples.tobytes()) for stretch in reader]


@pytest.mark.parametrize("kind", KINDS)
def test_a_video_in_a_store_is_what_it_is_here(
    bucket: FlakyStore, video: Callable[..., Path], kind: str
):
    path = video(kind)
    for uri in (bucket.put(kind, path.read_bytes()), bucket.signed(kind)):
        here, there = probe(str(path), Limits()), probe(uri, Limits())
        assert there == MediaInfo(**{**vars(here), "path": uri})
        assert pictures(there) == pictures(here)
        assert sounds(there) == sounds(here)
        assert content_id(uri) == content_id(str(path))


def test_the_version_is_the_etag_and_changes_with_the_content(bucket: FlakyStore):
    versions = {version(bucket.put("a.mp4", data)) for data in (b"one", b"two", b"one")}
    assert len(versions) == 2
    assert version(bucket.signed("a.mp4")) in versions


@pytest.mark.parametrize("kind", ["last.mov", "a.mkv"])  # where there is no index, it is more
def test_only_what_is_needed_is_fetched(bucket: FlakyStore, tmp_path: Path, kind: str):
    path = make_video(
        tmp_path / kind, "rawvideo", times=range(25 * 12), size=(320, 240), pix_fmt="uyvy422"
    )
    size = path.stat().st_size
    assert size > 40 * MB
    uri = bucket.put(kind, path.read_bytes())

    info = probe(uri, Limits())
    assert info.duration_s == pytest.approx(12, abs=0.2)
    assert bucket.served < 6 * MB
    bucket.forget()
    content_id(uri)
    assert bucket.served < 18 * 70_000
    bucket.forget()
    assert len(list(SampleReader(info, 5, 35, 40))) == 5
    assert bucket.served < size / 12 + 6 * MB
    assert all(asked.stop - asked.start <= 1 << 22 for asked in bucket.asked)


def fail_at_first(times: int, fault: Fault) -> Callable[[Asked], Fault]:
    """The first `times` answers to each request are faulty."""
    counts: dict[Asked, int] = {}

    def choose(asked: Asked) -> Fault:
        counts[asked] = counts.get(asked, 0) + 1
        return fault if counts[asked] <= times else Fault()

    return choose


@pytest.mark.parametrize(
    "fault", [Fault(delay_s=0.1), Fault(status=500), Fault(status=503), Fault(cut=1000)], ids=str
)
def test_what_passes_is_waited_for(
    bucket: FlakyStore, video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, fault: Fault
):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(patience, "_PAUSES_S", (0.01, 0.02, 0.04))
    path = video("last.mp4")
    uri = bucket.put("last.mp4", path.read_bytes())
    bucket.fault = fail_at_first(2, fault)
    assert pictures(probe(uri, Limits())) == pictures(probe(str(path), Limits()))
    assert any(bucket.asked.count(asked) > 2 for asked in bucket.asked)


def test_a_store_that_hangs_is_asked_again(
    bucket: FlakyStore, video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(remote, "_ATTEMPT_S", 2.0)
    uri = bucket.put("a.mkv", video("a.mkv").read_bytes())
    hung = itertools.chain([60.0], itertools.repeat(0.0))
    bucket.fault = lambda asked: Fault(delay_s=next(hung) if asked.stop else 0.0)
    begun = time.monotonic()
    assert len(pictures(probe(uri, Limits()))) == 21
    assert time.monotonic() - begun < 40


GONE = "There is no such file or folder."


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("fault", "words", "hint"),
    [
        (Fault(status=404), "There is no such file or folder.", ""),
        (Fault(status=403), "You may not read this, or it does not exist (HTTP 403)", "check"),
        (Fault(status=400), "The store refuses to give it (HTTP 400)", "check"),
        (Fault(status=503), "The store answered with an error (HTTP 503)", "once it has recovered"),
        (Fault(cut=0), "The store could not be reached", "once it has recovered"),
    ],
    ids=str,
)
@pytest.mark.parametrize("signed", [False, True])
def test_what_does_not_pass_is_told_in_a_sentence(
    bucket: FlakyStore,
    video: Callable[..., Path],
    fault: Fault,
    words: str,
    hint: str,
    signed: bool,
):
    uri = bucket.put("a.ts", video("a.ts", 40).read_bytes())
    uri = bucket.signed("a.ts") if signed else uri
    info = probe(uri, Limits())
    for begins in (0, 1):  # in the first request, and in the middle
        bucket.fault = lambda asked, begins=begins: fault if asked.start >= begins else Fault()
        with pytest.raises(InputError) as raised:
            pictures(info)
        assert str(raised.value).startswith(words)
        assert hint in str(raised.value)
        assert raised.value.retry
        assert "Signature" not in str(raised.value)
        if hint:
            assert ("signed" if signed else "AWS_ENDPOINT_URL") in str(raised.value)


def test_nobody_there(bucket: FlakyStore, monkeypatch: pytest.MonkeyPatch, impatient: None):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"could not be reached .*AWS_ENDPOINT_URL"):
        probe("s3://bucket/a.mp4", Limits())


def test_a_bucket_without_credentials(bucket: FlakyStore, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"You may not read this.*AWS_ACCESS_KEY_ID"):
        probe("s3://bucket/a.mp4", Limits())
    assert time.monotonic() - begun < 30


def test_what_is_no_video_is_told_as_of_a_file_here(bucket: FlakyStore):
    for data, words in (
        (b"", "The file is empty."),
        (b"Dear all,\n" * 400, "This is not a video"),
        (b"\0\0\0\x18ftypisom" + bytes(5000), "no index"),
    ):
        with pytest.raises(InputError, match=words):
            probe(bucket.put("a.mp4", data), Limits())
    bucket.put("folder.mp4/a.mp4", b"x")
    with pytest.raises(InputError, match="folder"):
        probe("s3://bucket/folder.mp4", Limits())


@pytest.mark.usefixtures("impatient", "in_small_parts")
@pytest.mark.parametrize("fault", [Fault(status=500), Fault(cut=700)], ids=str)
@pytest.mark.parametrize("places", [4, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_wherever_reading_fails_nothing_is_missing_unsaid(
    bucket: FlakyStore, video: Callable[..., Path], kind: str, places: int, fault: Fault
):
    """From some request on all fail: of a probe, of pictures, of sound."""
    bucket.put(kind, video(kind).read_bytes())
    uri = bucket.signed(kind)

    def everything() -> object:
        info = probe(uri, Limits())
        return info, pictures(info), sounds(info)

    whole = everything()
    requests = len(bucket.asked)
    for failing in range(1, requests, 1 + requests // places):
        count = itertools.count()
        bucket.fault = lambda _, n=count, at=failing: fault if next(n) >= at else Fault()
        try:
            result = everything()
        except InputError as error:
            assert "The store" in str(error)  # noqa: PT017 (or else it must be whole)
        else:
            assert result == whole


@pytest.mark.usefixtures("in_small_parts")
def test_what_changes_while_it_is_read_is_not_mixed(bucket: FlakyStore, video: Callable[..., Path]):
    uri = bucket.put("a.mkv", video("a.mkv", 40).read_bytes())
    samples = iter(SampleReader(probe(uri, Limits()), 5))
    next(samples)
    bucket.put("a.mkv", video("a.mkv", 9).read_bytes())
    with pytest.raises(InputError, match="It was changed while it was being read"):
        list(samples)


def test_ctrl_c_is_not_lost_in_ffmpeg(bucket: FlakyStore, video: Callable[..., Path]):
    uri = bucket.put("a.mkv", video("a.mkv").read_bytes())

    def interrupt(asked: Asked) -> Fault:
        if asked.stop:
            _thread.interrupt_main()
        return Fault(delay_s=0.5)

    bucket.fault = interrupt
    # Where the tests run in a shell's background, Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            probe(uri, Limits())
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_beside_the_file_is_opened(bucket: FlakyStore, video: Callable[..., Path]):
    path = video("a.ts")
    bucket.put("part.ts", path.read_bytes())
    part = bucket.signed("part.ts")
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:8,\n{part}\n#EXTINF:8,\n{path}\n"
    for name in ("list.m3u8", "list.mp4"):
        with pytest.raises(InputError):
            probe(bucket.put(name, (text + "#EXT-X-ENDLIST\n").encode()), Limits())
    assert not any("part" in asked.path for asked in bucket.asked)


@pytest.fixture
def whole_files_only(tmp_path: Path) -> Iterator[str]:
    """A web server that knows no ranges; its address."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_that_gives_no_parts(whole_files_only: str, tmp_path: Path):
    (tmp_path / "last.mp4").write_bytes(bytes(MB))
    with pytest.raises(InputError, match="does not give parts of files: download it"):
        content_id(f"{whole_files_only}/last.mp4")
