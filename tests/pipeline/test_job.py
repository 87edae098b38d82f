"""What a run is going to do, before it does anything."""

import json
import shutil
from pathlib import Path

from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.pipeline.job import Job, prepare
from streamfer.weights.catalogue import resolve
from tests.cli.terminal import portrait


def test_a_job_survives_being_written_down(tmp_path: Path):
    (tmp_path / "broken.mp4").write_text("Not a video.")
    portrait(tmp_path / "a.mp4", 2)
    job = prepare([str(tmp_path)], Analysis(segment_s=1), "cpu", Limits())
    assert len(job.videos[0].segments) == 2
    assert list(job.failed) == ["broken.mp4"]
    assert Job.from_json(job.to_json()) == job


def test_where_the_weights_lie_is_no_part_of_what_is_computed(tmp_path: Path):
    video = portrait(tmp_path / "a.mp4", 1)
    jobs = []
    for name in ("here.onnx", "there.onnx"):
        copy = shutil.copy(resolve("default", "backbone"), tmp_path / name)
        analysis = Analysis(backbone="streamfer-fer-v3", weights=str(copy))
        jobs.append(prepare([str(video)], analysis, "cpu", Limits()))
    assert jobs[0].fingerprint == jobs[1].fingerprint
    assert jobs[0].metadata == jobs[1].metadata
    assert "here.onnx" not in str(jobs[0].metadata)
    assert jobs[0].analysis.weights == str(tmp_path / "here.onnx")


def test_the_default_is_settled_before_any_worker_could_choose_otherwise(tmp_path: Path):
    video = portrait(tmp_path / "a.mp4", 1)

    job = prepare([str(video)], Analysis(), "cpu", Limits())

    models = json.loads(job.metadata["streamfer.models"])
    assert job.analysis.detector == models["detector"]["name"]
    assert job.analysis.backbone == models["backbone"]["name"]
    assert json.loads(job.metadata["streamfer.settings"])["detector"] == job.analysis.detector
