"""Asked once, a process ends in good order; asked twice, at once."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from streamfer.interrupts import INTERRUPTED, handled, uninterrupted
from tests.cli.terminal import ENVIRONMENT

# Says where it is, and what came of it. Every step takes much longer than a signal.
SCRIPT = """
import hashlib, sys, time
from streamfer.interrupts import INTERRUPTED, handled, uninterrupted

def say(word): print(word, flush=True)

def ignore():  # as a destructor would
    try:
        say("ready")
        time.sleep(60)
    except KeyboardInterrupt:
        say("swallowed")

def shield():
    with uninterrupted():
        with uninterrupted():
            say("ready")
            time.sleep(1)
        say("whole")

def compute():  # in C, which looks at no signals
    with uninterrupted():
        say("ready")
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

class Slow:  # the last that goes, when Python has set the signals back
    def __del__(self, sleep=time.sleep, say=say):
        say("ready")
        sleep(1)

def end():
    sys.modules["slow"] = Slow()
    say("ready")
    time.sleep(60)

with handled():
    try:
        for step in sys.argv[1:]:
            globals()[step]()
        say("not interrupted")
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(INTERRUPTED)
"""


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SCRIPT, *request.param.split()]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("started", "said"),
    [
        ("shield", "whole\ninterrupted\n"),
        ("ignore shield", "swallowed\nready\nwhole\ninterrupted\n"),
    ],
    indirect=["started"],
    ids=["at-once", "after-it-was-swallowed"],
)
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_what_is_begun_is_finished_and_no_more(
    started: subprocess.Popen[str], said: str, asked: signal.Signals
):
    started.send_signal(asked)
    assert started.communicate(timeout=60)[0] == said
    assert started.returncode == INTERRUPTED


@pytest.mark.parametrize("started", ["compute"], indirect=True)
def test_the_second_ends_it_wherever_it_is(started: subprocess.Popen[str]):
    started.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        started.wait(1)
    started.send_signal(signal.SIGINT)
    assert started.wait(10) == INTERRUPTED


@pytest.mark.parametrize("started", ["end"], indirect=True)
def test_the_second_changes_nothing_at_the_very_end(started: subprocess.Popen[str]):
    assert started.stdout
    started.send_signal(signal.SIGTERM)
    assert [started.stdout.readline() for _ in range(2)] == ["interrupted\n", "ready\n"]
    started.send_signal(signal.SIGTERM)
    assert started.wait(60) == INTERRUPTED


def test_nothing_stays_behind_where_nothing_was_asked():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    threads = threading.active_count()
    with handled():
        assert signal.getsignal(signal.SIGINT) is not before[0]
        with uninterrupted():
            pass
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    deadline = time.monotonic() + 60
    while threading.active_count() > threads:
        assert time.monotonic() < deadline
        time.sleep(0.01)
