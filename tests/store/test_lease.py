"""One holder at a time, across processes, whatever sleeps, dies or is told another time."""

import itertools
import multiprocessing
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
from upath import UPath

from streamfer.errors import FatalError, UsageError
from streamfer.places import place
from streamfer.store import lease
from streamfer.store.lease import Lease
from streamfer.store.objects import ObjectFolder
from tests.flaky_store import Fault, FlakyStore
from tests.store.drivers import TERM_S, hold

SPAWN = multiprocessing.get_context("spawn")
ME = f"process {os.getpid()} on {socket.gethostname()}"


@pytest.fixture
def path(store: FlakyStore, monkeypatch: pytest.MonkeyPatch) -> UPath:
    """Where the lease lies; its term is short."""
    monkeypatch.setattr(lease, "TERM_S", TERM_S)
    found = place(store.place("x.work/lock"))
    assert isinstance(found, UPath)
    return found


def test_a_lease_is_renewed_and_refused_to_others_until_it_is_released(path: UPath):
    first = Lease(path)
    time.sleep(1.5 * TERM_S)
    first.check()
    with pytest.raises(UsageError, match=rf"x\.work is in use by another run \({ME}\)"):
        Lease(path)
    first.release()
    started = time.monotonic()
    second = Lease(path)
    assert time.monotonic() - started < TERM_S
    assert ObjectFolder(path).files() == {"2"}
    second.release()


def test_nothing_is_left_of_a_lease_that_was_removed(path: UPath):
    first = Lease(path)
    first.remove()
    first.release()
    assert ObjectFolder(path).files() == set()
    Lease(path).release()


@pytest.mark.parametrize("until", ["1970-01-01 00:00:00", "2999-01-01 00:00:00"])
def test_nobody_s_time_of_day_counts(path: UPath, until: str):
    """What a dead holder wrote by a clock that was wrong is believed by nobody."""
    content = f"process 1 on mars\nuntil {until} UTC by its own clock, if not renewed\n".encode()
    ObjectFolder(path).write("7", content)
    started = time.monotonic()
    taken = Lease(path)
    assert TERM_S <= time.monotonic() - started < 5 * TERM_S
    assert ObjectFolder(path).files() == {"8"}
    taken.release()


def test_a_store_that_fails_for_less_than_the_term_does_no_harm(store: FlakyStore, path: UPath):
    held = Lease(path)
    store.trouble(Fault(500), "lock")
    time.sleep(0.3 * TERM_S)
    store.recover()
    held.check()
    store.trouble(Fault(500), "lock")
    time.sleep(0.6 * TERM_S)
    with pytest.raises(FatalError, match=r"Cannot read s3://bucket/x\.work/lock"):
        held.check()
    store.recover()
    held.check()
    held.release()


def test_a_holder_learns_that_its_object_went(path: UPath):
    held = Lease(path)
    ObjectFolder(path).remove("1")
    time.sleep(0.5 * TERM_S)
    with pytest.raises(FatalError, match="was removed or taken over while this run used it"):
        held.check()
    held.release()
    assert ObjectFolder(path).files() == set()


def test_a_put_whose_answer_was_lost_is_no_other_s(store: FlakyStore, path: UPath):
    store.trouble(Fault(lost="answer"), "PUT .*lock/1", times=1)
    held = Lease(path)
    held.check()
    store.trouble(Fault(lost="answer"), "PUT .*lock/1", times=3)
    time.sleep(0.6 * TERM_S)
    held.check()
    assert ObjectFolder(path).files() == {"1"}
    held.release()


Holder = tuple[SpawnProcess, Connection]


@pytest.fixture
def begin(path: UPath) -> Iterator[Callable[[], Holder]]:
    """Begins a process that takes the lease."""
    processes: list[Any] = []

    def begun() -> Holder:
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=hold, args=(path, there), daemon=True)
        process.start()
        processes.append(process)
        return process, here

    yield begun
    for process in processes:
        process.kill()
        process.join()


def test_the_lease_of_a_process_that_was_killed_is_taken_after_its_term(
    path: UPath, begin: Callable[[], Holder]
):
    process, pipe = begin()
    assert pipe.recv() == "taken"
    process.kill()
    process.join()
    started = time.monotonic()
    Lease(path).release()
    assert time.monotonic() - started >= TERM_S


def test_a_holder_that_slept_through_its_term_stops_at_its_next_check(
    path: UPath, begin: Callable[[], Holder]
):
    process, pipe = begin()
    assert pipe.recv() == "taken"
    pipe.send(True)
    assert pipe.recv() == "held"
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    taken = Lease(path)
    os.kill(process.pid, signal.SIGCONT)
    pipe.send(True)
    assert "was removed or taken over while this run used it" in pipe.recv()
    time.sleep(0.5 * TERM_S)
    taken.check()
    taken.release()


def test_a_holder_that_slept_while_nobody_came_goes_on(begin: Callable[[], Holder]):
    process, pipe = begin()
    assert pipe.recv() == "taken"
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(2 * TERM_S)
    os.kill(process.pid, signal.SIGCONT)
    pipe.send(True)
    assert pipe.recv() == "held"


def test_of_many_that_take_an_expired_lease_one_gets_it(path: UPath, begin: Callable[[], Holder]):
    ObjectFolder(path).write("3", b"process 1 on mars\n")
    pipes = [begin()[1] for _ in range(3)]
    said = [pipe.recv() for pipe in pipes]
    assert said.count("taken") == 1
    assert sum("is in use by another run (process" in words for words in said) == 2
    pipe = pipes[said.index("taken")]
    pipe.send(True)
    assert pipe.recv() == "held"
    assert ObjectFolder(path).files() == {"4"}


def test_a_taker_withdraws_from_a_holder_that_renews_at_the_last_moment(
    store: FlakyStore, path: UPath
):
    """It wakes while the taker's object is on its way."""
    asleep = ObjectFolder(path)
    asleep.write("1", b"process 1 on mars\n0")
    dead = threading.Event()

    def renew() -> None:
        beat = itertools.count(1)
        while not dead.is_set():
            asleep.write("1", b"process 1 on mars\n%d" % next(beat))
            awake.set()
            time.sleep(TERM_S / 5)

    awake = threading.Event()
    holder = threading.Thread(target=renew, daemon=True)

    def wake() -> None:
        holder.start()
        awake.wait()

    store.before("PUT .*lock/2", wake)
    with pytest.raises(UsageError, match=r"in use by another run \(process 1 on mars\)"):
        Lease(path)
    dead.set()
    holder.join()
    assert asleep.files() == {"1"}
    assert sum(re.search("PUT .*lock/2", str(asked)) is not None for asked in store.asked) == 1
