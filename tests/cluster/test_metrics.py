"""What a run exports, as Prometheus would read it from the node."""

import re
import time
import urllib.request
from pathlib import Path

import pytest
import ray

from streamfer.cluster.engine import on_cluster
from streamfer.cluster.metrics import observed
from streamfer.cluster.session import session
from streamfer.config import Analysis, Execution
from streamfer.pipeline.run import Done, Lost, Working
from streamfer.store.work import Failure
from tests.cluster.test_engine import job_of
from tests.conftest import Demo

_SAMPLE = re.compile(r'ray_(streamfer_\w+)\{(?:.*,)?(?:reason="(\w+)")?[^}]*\} (\S+)')


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are exported twice a second, or if an earlier test has imported Ray, every ten."""
    monkeypatch.setenv("RAY_metrics_report_interval_ms", "500")


def exported() -> dict[str, float]:
    """What the node's endpoint says of streamfer, by metric and reason."""
    (node,) = ray.nodes()
    address = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    with urllib.request.urlopen(address, timeout=30) as answer:
        found = _SAMPLE.findall(answer.read().decode())
    return {f"{name} {reason}".strip(): float(value) for name, reason, value in found}


def wait_for(expected: dict[str, float]) -> None:
    """Wait until the endpoint says just what is expected."""
    deadline = time.monotonic() + 60
    while (found := exported()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


def test_outcomes_are_passed_on_and_counted(demo: Demo):
    analysis = Analysis(segment_s=10)
    first, second, third = job_of(demo, analysis).videos[0].segments
    outcomes = [
        Working(1.0, queued=2, held_bytes=5_000),
        Done(first, b"", attempts=1),
        Lost(third, Failure("gone", retry=True, attempts=1)),
        Lost(third, Failure("torn", retry=False, attempts=1)),
        Lost(third, Failure("killed", retry=False, attempts=3), "worker"),
        Done(second, b"", attempts=2),
        Working(0.0, queued=1, held_bytes=7_000),
    ]
    with session(None, 1):
        assert list(observed(outcomes, analysis.fps)) == outcomes
        wait_for(
            {
                "streamfer_segments_done_total": 2,
                "streamfer_media_seconds_done_total": 20,
                "streamfer_segments_failed_total io": 1,
                "streamfer_segments_failed_total file": 1,
                "streamfer_segments_failed_total worker": 1,
                "streamfer_segments_queued": 1,
                "streamfer_worker_held_bytes": 7_000,
            }
        )


def test_a_run_is_observed(demo: Demo, tmp_path: Path):
    """The numbers of a run, while it goes on."""
    (video,) = job_of(demo, Analysis(segment_s=10)).videos
    for outcome in on_cluster(job_of(demo), Execution(workers=1))(video.segments[:1]):
        if isinstance(outcome, Done):
            deadline = time.monotonic() + 60
            while exported().get("streamfer_segments_done_total") != 1:
                assert time.monotonic() < deadline
                time.sleep(0.5)
            assert exported()["streamfer_media_seconds_done_total"] == 10
