"""A folder of objects: as a folder on a disk, and patient with a store that fails."""

import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from upath import UPath

from streamfer.errors import FatalError
from streamfer.places import place
from streamfer.store.folders import Folder, folder
from streamfer.store.objects import PUT_OPTIONS, ObjectFolder
from tests.flaky_store import Fault, FlakyStore


@pytest.fixture(params=["disk", "memory", "s3"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    """An empty folder on a disk, in memory, or in a store."""
    if request.param == "disk":
        return folder(tmp_path / "study")
    if request.param == "memory":
        return folder(place(f"memory://{tmp_path.name}/study"))
    return folder(place(request.getfixturevalue("store").place("study")))


def test_what_is_written_is_there_until_it_is_removed(anywhere: Folder):
    assert anywhere.files() == set()
    assert anywhere.kind("a") is None
    with pytest.raises(FileNotFoundError):
        anywhere.read("a/1")
    for data in (b"old", b"", b"new"):
        anywhere.write("a/1", data)
        assert anywhere.read("a/1") == data
    anywhere.write("a/b/2", b"two")
    anywhere.write("ab", b"ab")
    assert anywhere.files() == {"a/1", "a/b/2", "ab"}
    assert anywhere.files("a") == {"1", "b/2"}
    assert (anywhere.kind("a"), anywhere.kind("ab"), anywhere.kind("b")) == ("folder", "file", None)
    anywhere.remove("a")
    anywhere.remove("a")
    assert anywhere.files() == {"ab"}
    anywhere.remove("ab")
    assert anywhere.kind("ab") is None


def test_names_are_what_they_are(anywhere: Folder):
    names = {"a b.parquet", "%2E%2Fö#1?.parquet", "100%.parquet", "a+b&c=d.parquet"}
    for name in names:
        anywhere.write(name, name.encode())
    assert anywhere.files() == names
    for name in names:
        assert anywhere.read(name) == name.encode()
        with anywhere.open(name) as file:
            file.seek(2)
            assert file.read(3) == name.encode()[2:5]
        anywhere.remove(name)
    assert anywhere.files() == set()


def test_what_is_prepared_is_put_in_place_and_replaces_what_was_there(anywhere: Folder):
    anywhere.write("vectors/gone", b"old")
    anywhere.write("vectors/stays", b"old")
    anywhere.write("table", b"old")
    with anywhere.staging("x") as stage:
        (stage / "table").write_bytes(b"new")
        (stage / "vectors").mkdir()
        for name in ("stays", "comes"):
            (stage / "vectors" / name).write_bytes(b"new")
        anywhere.put(stage / "table", "table")
        anywhere.put(stage / "vectors", "vectors")
    assert not stage.exists()
    assert anywhere.files() == {"vectors/stays", "vectors/comes", "table"}
    assert {anywhere.read(name) for name in anywhere.files()} == {b"new"}


def test_staging_removes_what_a_killed_run_left(anywhere: Folder):
    killed = anywhere.staging("x")
    left = killed.__enter__()
    (left / "table").write_bytes(b"half")
    with anywhere.staging("y"):
        assert left.exists()
    with anywhere.staging("x"):
        assert not left.exists()


def objects(store: FlakyStore) -> ObjectFolder:
    found = place(store.place("study"))
    assert isinstance(found, UPath)
    return ObjectFolder(found)


# By what is asked: the requests that it makes, and the answer.
ACTIONS: dict[str, tuple[str, Callable[[ObjectFolder, Path], object], object]] = {
    "write": ("PUT", lambda study, _: study.write("a", b"1"), None),
    "create": ("PUT", lambda study, _: study.create("b", b"1"), True),
    "put": ("PUT", lambda study, path: study.put(path, "c"), None),
    "read": ("GET|HEAD", lambda study, _: study.read("old"), b"0"),
    "files": ("GET", lambda study, _: study.files("x"), {"1"}),
    "kind": ("HEAD", lambda study, _: study.kind("old"), "file"),
    "remove": ("POST", lambda study, _: study.remove("x"), None),
}


@pytest.fixture
def study(store: FlakyStore) -> ObjectFolder:
    """A folder with two files in it."""
    folder_ = objects(store)
    folder_.write("old", b"0")
    folder_.write("x/1", b"1")
    return folder_


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"1")
    return tmp_path / "file"


@pytest.mark.parametrize(
    "fault",
    [Fault(500), Fault(503), Fault(lost="request"), Fault(lost="answer"), Fault(delay_s=0.3)],
    ids=str,
)
def test_a_store_that_recovers_is_waited_for(
    store: FlakyStore, study: ObjectFolder, file: Path, fault: Fault
):
    for request, act, expected in ACTIONS.values():
        store.trouble(fault, request, times=2)
        assert act(study, file) == expected
        store.recover()
    assert study.files() == {"old", "a", "b", "c"}
    assert [study.read(name) for name in "abc"] == [b"1"] * 3


def test_a_store_that_does_not_recover_ends_in_a_sentence(
    store: FlakyStore, study: ObjectFolder, file: Path, caplog: pytest.LogCaptureFixture
):
    asked_again = 0
    for request, act, _ in ACTIONS.values():
        store.trouble(Fault(500), request)
        with (
            caplog.at_level(logging.WARNING),
            pytest.raises(
                FatalError,
                match=r"Cannot \w+ s3://bucket/study/\w*: Internal ?(Server )?Error\. Mend that "
                "and run the same command again: finished work is kept.",
            ),
        ):
            act(study, file)
        store.recover()
        pauses = [float(pause) for pause in re.findall(r"again in (\S+) s", caplog.text)]
        assert pauses == [0.05 * 2**n for n in range(len(pauses))]
        asked_again += len(pauses)
        caplog.clear()
    assert asked_again >= len(ACTIONS)
    assert study.files() == {"old", "x/1"}
    assert study.read("old") == b"0"


def test_what_is_forbidden_or_missing_is_said_at_once(store: FlakyStore, study: ObjectFolder):
    store.trouble(Fault(403), "PUT")
    store.forget()
    with pytest.raises(FatalError, match=r"Cannot write s3://bucket/study/a: AccessDenied\."):
        study.write("a", b"1")
    assert [str(asked) for asked in store.asked] == ["PUT /bucket/study/a"]
    store.recover()
    elsewhere = folder(place("s3://nowhere/study"))
    with pytest.raises(FatalError, match=r"s3://nowhere/study/a: The specified bucket does not"):
        elsewhere.write("a", b"1")
    with pytest.raises(FatalError, match=r"s3://nowhere/study/: The specified bucket does not"):
        elsewhere.files()


def test_nobody_at_the_address_is_said(store: FlakyStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    type(UPath("s3://bucket").fs).clear_instance_cache()
    with pytest.raises(FatalError, match=r"Could not connect to the endpoint URL"):
        objects(store).write("a", b"1")


def test_of_many_that_create_a_file_one_succeeds(store: FlakyStore):
    study = objects(store)
    everybody = [f"taker {number}".encode() for number in range(8)]
    for name in ("1", "2", "3"):
        with ThreadPoolExecutor(len(everybody)) as pool:
            won = list(pool.map(partial(study.create, name), everybody))
        assert won.count(True) == 1
        assert study.read(name) == everybody[won.index(True)]


def test_a_large_file_appears_whole_or_not_at_all(
    store: FlakyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It is sent in parts, of 5 MiB at least."""
    monkeypatch.setitem(PUT_OPTIONS, "s3", {"chunksize": 5 * 2**20, "max_concurrency": 2})
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * (11 * 2**12))
    study = objects(store)
    study.write("large", b"old")
    for request in (r"PUT .*partNumber=2", r"POST .*uploadId"):
        store.trouble(Fault(500), request)
        with pytest.raises(FatalError, match="Cannot write"):
            study.put(large, "large")
        assert study.read("large") == b"old"
        store.recover()
    store.trouble(Fault(500), r"PUT .*partNumber=2", times=1)
    study.put(large, "large")
    assert study.read("large") == large.read_bytes()
