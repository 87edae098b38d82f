"""What is done so far of a run, made queryable before it is finished."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from streamfer.config import Analysis
from streamfer.errors import UsageError
from streamfer.media.limits import Limits
from streamfer.pipeline.compact import compact_partial
from streamfer.pipeline.job import prepare
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.segment import analyse_segment
from streamfer.store.output import table_paths
from streamfer.store.validate import validate
from streamfer.store.work import Failure, WorkFolder
from tests.cli.terminal import portrait


def test_a_video_that_failed_says_why_and_one_that_waits_says_so(tmp_path: Path):
    failed, waits = portrait(tmp_path / "failed.mp4", 1), portrait(tmp_path / "waits.mp4", 2)
    job = prepare([str(failed), str(waits)], Analysis(), "cpu", Limits())
    out, target = tmp_path / "out.parquet", tmp_path / "so-far.parquet"
    with WorkFolder(out).open(job.fingerprint) as work:
        work.write_job(job.to_json())
        failure = Failure("Its segment 0 ended its worker 3 times.", retry=False, attempts=3)
        work.record_failure(job.videos[0].folder, failure)

    compact_partial(out, target)

    ledger = pq.read_table(tmp_path / "so-far.videos.parquet").to_pylist()
    assert [(row["video"], row["status"], row["reason"]) for row in ledger] == [
        ("failed.mp4", "failed", "Its segment 0 ended its worker 3 times."),
        ("waits.mp4", "failed", "not analysed yet."),
    ]


def test_what_is_done_has_all_its_tables(tmp_path: Path):
    done, waits = portrait(tmp_path / "done.mp4", 2), portrait(tmp_path / "waits.mp4", 3)
    analysis = Analysis(audio=True, embeddings=True)
    job = prepare([str(done), str(waits)], analysis, "cpu", Limits())
    models, speech = LocalModels.load(job.analysis, "cpu"), speech_detector(job.analysis)
    video = job.videos[0]
    result = analyse_segment(video.segments[0], job.analysis, models, speech=speech)
    with WorkFolder(tmp_path / "out.parquet").open(job.fingerprint) as work:
        work.write_job(job.to_json())
        work.commit(video.folder, 0, result.to_bytes())

    target = tmp_path / "so-far.parquet"
    compact_partial(tmp_path / "out.parquet", target)

    paths = table_paths(target)
    frames = paths.pop("frames")
    assert not frames.exists()
    for name, path in paths.items():
        assert validate(path) == []
        videos = pq.read_table(path)["video"].to_pylist()
        assert set(videos) == ({"done.mp4", "waits.mp4"} if name == "videos" else {"done.mp4"})


def test_without_work_there_is_nothing_to_compact(tmp_path: Path):
    with pytest.raises(UsageError, match="no work in progress"):
        compact_partial(tmp_path / "out.parquet", tmp_path / "so-far.parquet")
