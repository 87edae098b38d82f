"""The whole study: stage after stage, and the report of what there is at the end."""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from streamfer.errors import UsageError
from streamfer.store.lock import Lock
from trainers.study import clips, detectors, faces, reading, settings, stills
from trainers.study.findings import Findings
from trainers.study.report import write_report
from trainers.study.settings import Study
from trainers.study.work import Work

_PACKAGES = ("streamfer", "torch", "onnxruntime", "ray", "scikit-learn", "numpy", "av")


def run_study(root: Path, out: Path, study: Study, say: Callable[[str], None]) -> Findings:
    """Do what is missing of the study of the corpora under `root`, and write its report to `out`.

    The same call goes on after it was stopped. A stage that fails is told in the report; the
    others are done.

    Raises:
        UsageError: `root` holds no corpus, or `out` is in use by another study.
    """
    work = Work(root, out, say)
    lock = Lock(work.folder / "lock")
    try:
        found = Findings(settings=settings.told(study), versions=_versions())
        reading.read_corpora(root, study, work, found, say)
        if not found.readings:
            raise UsageError(f"{root} holds no corpus that could be read: see docs/corpora.md.")
        detectors.compare_detectors(study, work, found)
        pictures = work.attempt(stills.PICTURES, partial(stills.choose_pictures, found))
        stills.run_experiments(study, pictures, work, found)
        stills.measure_backbone(study, pictures, work, found)
        clips.run_temporal(study, work, found, say)
        faces.draw_faces(study, out, work, found)
        found.failed = work.failed
        write_report(found, out)
    finally:
        lock.release()
    return found


def _versions() -> dict[str, str]:
    return {"Python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # such as streamfer, run from a checkout
        return "(not installed)"
