"""One holder at a time, across real processes; death frees the lock."""

import multiprocessing
import os
import shutil
import socket
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from streamfer.errors import UsageError
from streamfer.store.lock import Lock

SPAWN = multiprocessing.get_context("spawn")


def hold(path: Path, held: Event) -> None:
    Lock(path)
    held.set()
    SPAWN.Event().wait()


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path):
    held = SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(tmp_path / "x.work" / "lock", held), daemon=True)
    process.start()
    assert held.wait(60)
    holder = f"process {process.pid} on {socket.gethostname()}"
    with pytest.raises(UsageError, match=holder):
        Lock(tmp_path / "x.work" / "lock")
    process.kill()
    process.join()
    Lock(tmp_path / "x.work" / "lock").release()


def test_a_released_lock_can_be_taken_again_and_names_the_new_holder(tmp_path: Path):
    (tmp_path / "lock").write_text("process 4194304123 on a host with a very long name")
    first = Lock(tmp_path / "lock")
    assert (tmp_path / "lock").read_text() == f"process {os.getpid()} on {socket.gethostname()}"
    with pytest.raises(UsageError, match=str(os.getpid())):
        Lock(tmp_path / "lock")
    first.release()
    Lock(tmp_path / "lock").release()


def test_a_holder_whose_folder_was_taken_away_notices(tmp_path: Path):
    first = Lock(tmp_path / "x.work" / "lock")
    first.check()
    shutil.rmtree(tmp_path / "x.work")
    with pytest.raises(UsageError, match="removed or taken over"):
        first.check()
    second = Lock(tmp_path / "x.work" / "lock")
    second.check()
    with pytest.raises(UsageError, match="removed or taken over"):
        first.check()
    second.release()
    first.release()
