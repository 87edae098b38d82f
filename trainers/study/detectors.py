"""The study's stage on face detectors: Table 2, on a video of one person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from streamfer.faces.detector import load_detector
from trainers.analysis import printed
from trainers.analysis.detectors import compare, here
from trainers.analysis.printed import Detected
from trainers.study.findings import Findings
from trainers.study.reading import clips_of
from trainers.study.settings import Study
from trainers.study.work import Work

_STEP = "face detectors"
_PAPERS_VIDEO = "99-30-720x720"


def compare_detectors(study: Study, work: Work, found: Findings) -> None:
    """Measure the detectors that the study names, or all that are on this machine."""
    video = _video(study, found)
    if video is None:
        reason = "there is no video of AffWild2 with one person (setting detectors_on)"
        found.absent |= dict.fromkeys(printed.DETECTORS, reason)
        return
    rows = work.attempt(_STEP, partial(_compare, video, study, work))
    found.filmed = f"{video.name}, taken to show one person throughout"
    found.detectors = {name: Detected(**row) for name, row in (rows or {}).items()}
    for name in printed.DETECTORS:
        if name not in found.detectors:
            found.absent[name] = work.failed.get(_STEP, "no such row (setting detectors)")


def _compare(video: Path, study: Study, work: Work) -> dict[str, dict[str, Any]] | None:
    """The rows of Table 2, by their names; None: measuring failed, and is told so."""
    named = dict(study.detectors) or here()
    state = video.stat()
    given = {
        "video": [video.name, state.st_size, state.st_mtime_ns],
        "detectors": {name: load_detector(file).sha256 for name, file in named.items()},
        "settings": asdict(study.detecting),
    }

    def make() -> dict[str, dict[str, Any]]:
        return {name: asdict(row) for name, row in compare(video, named, study.detecting).items()}

    rows: dict[str, dict[str, Any]] | None = work.figures(_STEP, given, make)
    return rows


def _video(study: Study, found: Findings) -> Path | None:
    """The video that the settings name, or the paper's, or the first that may do."""
    if study.detectors_on:
        return Path(study.detectors_on)
    people = defaultdict(set)
    for clip in clips_of(found).get("AffWild2", ()):
        people[clip.video].add(clip.participant)
    alone = sorted(video for video, seen in people.items() if len(seen) == 1)
    return next((video for video in alone if video.stem == _PAPERS_VIDEO), next(iter(alone), None))
