"""`streamfer run` on videos in a store, as a person uses it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli import terminal
from tests.cli.terminal import portrait, streamfer
from tests.flaky_store import Asked, Fault, FlakyStore


@pytest.fixture
def known(bucket: FlakyStore, monkeypatch: pytest.MonkeyPatch) -> FlakyStore:
    """The store, with its address in the environment of commands."""
    for name, value in bucket.environment.items():
        monkeypatch.setitem(terminal.ENVIRONMENT, name, value)
    return bucket


def ledger(out: Path) -> dict[str, tuple[str, str]]:
    rows = pq.read_table(out.with_name("t.videos.parquet")).to_pylist()
    return {row["video"]: (row["status"], row["reason"]) for row in rows}


def test_a_folder_and_a_signed_address(known: FlakyStore, tmp_path: Path):
    known.put("v/a.mp4", portrait(tmp_path / "a.mp4", 2).read_bytes())
    known.put("b.mp4", portrait(tmp_path / "b.mp4", 2, start=30).read_bytes())
    out = tmp_path / "t.parquet"
    inputs = ("s3://bucket/v/", known.signed("b.mp4"), "s3://bucket/gone.mp4")

    done = streamfer("run", *inputs, "--out", out, "--json", "--workers", "1")

    assert done.returncode == 3
    web = f"http://127.0.0.1:{known.port}/bucket/b.mp4"
    assert ledger(out) == {
        "s3://bucket/v/a.mp4": ("done", ""),
        web: ("done", ""),
        "s3://bucket/gone.mp4": ("failed", "There is no such file or folder."),
    }
    assert set(pq.read_table(out)["video"].to_pylist()) == {"s3://bucket/v/a.mp4", web}
    assert json.loads(done.stdout)["failed"] == 1
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"Signature" in data for data in [*kept, done.stderr.encode()])


@pytest.mark.slow
def test_a_video_that_a_store_gives_no_more_is_done_when_it_has_recovered(
    known: FlakyStore, tmp_path: Path
):
    for name in ("a", "b"):
        data = portrait(tmp_path / f"{name}.mp4", 3, start=ord(name) - 90).read_bytes()
        known.put(f"v/{name}.mp4", data)
    out = tmp_path / "t.parquet"
    heads = 0

    def fail_later(asked: Asked) -> Fault:
        """One of the two, from its worker on: the driver knows its size from the listing."""
        nonlocal heads
        heads += asked.path.endswith("b.mp4") and asked.method == "HEAD"
        return Fault(status=503 if asked.path.endswith("b.mp4") and heads else 0)

    known.fault = fail_later
    command = ("run", "s3://bucket/v", "--out", out, "--workers", "1")
    assert streamfer(*command).returncode == 3
    status, reason = ledger(out)["s3://bucket/v/b.mp4"]
    assert (status, ledger(out)["s3://bucket/v/a.mp4"]) == ("failed", ("done", ""))
    assert "The store answered with an error (HTTP 503)" in reason

    known.recover()
    assert streamfer(*command).returncode == 0
    assert {status for status, _ in ledger(out).values()} == {"done"}
