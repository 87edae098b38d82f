"""Where nothing progresses the run ends, and says what each worker is at."""

import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.errors import FatalError
from streamfer.media.limits import Limits
from streamfer.pipeline.job import prepare
from tests.cli.terminal import portrait


class Freezer(threading.Thread):
    """Stops every worker that gets a segment, as a disk that no longer answers would."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.02):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error, IndexError):
                    if process.cmdline()[0] == "ray::SegmentWorker.work":
                        process.send_signal(signal.SIGSTOP)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_in_which_nothing_progresses_ends_with_the_state_of_every_worker(tmp_path: Path):
    """The segments are more than could be given up in that time."""
    video = portrait(tmp_path / "a.mp4", 160)
    job = prepare([str(video)], Analysis(segment_s=20), "cpu", Limits())
    freezer = Freezer()
    freezer.start()
    began = time.monotonic()
    stall_s = 30
    with pytest.raises(FatalError, match="Nothing has progressed for") as ended:
        list(on_cluster(job, Execution(workers=1, stall_s=stall_s))(job.videos[0].segments))
    freezer.over.set()
    freezer.join()
    assert time.monotonic() - began > 3 * stall_s
    first, *states = str(ended.value).splitlines()
    assert "run the same command again: finished work is kept" in first
    (state,) = states
    assert state.startswith("  A worker on node ")
