"""A video at a URI has the rows that it has as a file; what it is told by, and what is not kept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import plan_video
from streamfer.pipeline.segment import analyse_segment
from tests.cli.terminal import portrait
from tests.flaky_store import FlakyStore
from tests.media.making_sound import Track, add_sound, sine

ANALYSIS = Analysis(segment_s=2, frames=True, embeddings=True, audio=True)


@pytest.fixture(scope="module")
def models() -> LocalModels:
    return LocalModels.load(ANALYSIS, "cpu")


def results(path: str, models: LocalModels) -> Iterator[bytes]:
    speech = speech_detector(ANALYSIS)
    for part in plan_video("a", path, ANALYSIS, models.context_s, Limits()).segments:
        yield analyse_segment(part, ANALYSIS, models, speech=speech).to_bytes()


@pytest.mark.parametrize("kind", ["a.mp4", "a.mkv", "a.ts"])
def test_rows_are_those_of_the_file(
    bucket: FlakyStore, tmp_path: Path, models: LocalModels, kind: str
):
    codec = "aac" if kind == "a.ts" else "flac"
    sound = Track(sine(4, 48_000, 440), codec=codec)
    path = add_sound(portrait(tmp_path / f"silent-{kind}", 4), tmp_path / kind, sound)
    if kind == "a.mp4":
        assert path.read_bytes().index(b"moov") > path.stat().st_size / 2
    here = list(results(str(path), models))
    there = list(results(bucket.put(kind, path.read_bytes()), models))
    assert len(here) == 2
    assert here == there


def test_the_work_of_a_video_is_named_by_its_content_and_etag(bucket: FlakyStore, tmp_path: Path):
    one, other = (portrait(tmp_path / f"{name}.mp4", 1, start=name).read_bytes() for name in (0, 9))

    def folder(uri: str) -> str:
        return plan_video("a", uri, Analysis(), 0.0, Limits()).folder

    first = folder(bucket.put("a.mp4", one))
    assert folder(bucket.put("b.mp4", one)) == folder(bucket.signed("b.mp4")) == first
    assert folder(bucket.put("a.mp4", other)) != first


def test_what_opens_a_video_is_in_no_table_and_no_file(bucket: FlakyStore, tmp_path: Path):
    bucket.put("a.mp4", portrait(tmp_path / "a.mp4", 1).read_bytes())
    address = bucket.signed("a.mp4").replace("//", "//user:password@")
    job = prepare([address, f"{address}&gone=1", "s3://bucket/gone.mp4"], ANALYSIS, "cpu", Limits())
    assert [video.info.path for video in job.videos] == [address, f"{address}&gone=1"]
    assert job.failed == {"s3://bucket/gone.mp4": "There is no such file or folder."}
    kept = job.to_json()
    for secret in (b"password", b"Signature", b"AWSAccessKeyId"):
        assert secret not in kept
    shown = f"http://127.0.0.1:{bucket.port}/bucket/a.mp4"
    assert [video.key for video in job.videos] == [shown, f"{shown}#2"]
    read = Job.from_json(kept).videos[0]
    assert read == replace(job.videos[0], info=read.info, segments=read.segments)


def test_limits_are_no_part_of_what_is_computed(tmp_path: Path):
    path = str(portrait(tmp_path / "a.mp4", 1))
    jobs = [prepare([path], Analysis(), "cpu", limits) for limits in (Limits(), Limits(max_fps=99))]
    assert jobs[0].fingerprint == jobs[1].fingerprint
    assert jobs[0].inputs == jobs[1].inputs
