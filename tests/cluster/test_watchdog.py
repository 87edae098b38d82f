"""Where nothing progresses the run ends, and says what each worker is at."""

import time
from pathlib import Path

import pytest

from streamfer.cluster.engine import on_cluster
from streamfer.config import Analysis, Execution
from streamfer.errors import FatalError
from streamfer.media.limits import Limits
from streamfer.pipeline.job import prepare
from tests.cli.terminal import portrait
from tests.flaky_store import Fault, FlakyStore


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_in_which_nothing_progresses_ends_with_the_state_of_every_worker(
    bucket: FlakyStore, tmp_path: Path
):
    """The store answers no more. The segments are more than could be given up in that time."""
    video = bucket.put("a.mp4", portrait(tmp_path / "a.mp4", 12).read_bytes())
    job = prepare([video], Analysis(segment_s=1), "cpu", Limits())
    bucket.fault = lambda _: Fault(delay_s=900)
    began = time.monotonic()
    stall_s = 15  # less than a worker waits for an answer
    with pytest.raises(FatalError, match="Nothing has progressed for") as ended:
        list(on_cluster(job, Execution(workers=1, stall_s=stall_s))(job.videos[0].segments))
    assert time.monotonic() - began > 3 * stall_s
    first, *states = str(ended.value).splitlines()
    assert "run the same command again: finished work is kept" in first
    (state,) = states
    assert state.startswith("  A worker on node ")
