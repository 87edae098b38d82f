"""The study's stage on face detectors: Table 2, on a video of one person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streamfer.errors import UsageError
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

    def make() -> tuple[Path, dict[str, Any], dict[str, str]]:
        video = _video(study, found)
        named = dict(study.detectors) or here()
        loaded = {name: load_detector(file).sha256 for name, file in named.items()}
        state = video.stat()
        given = {
            "video": [video.name, state.st_size, state.st_mtime_ns],
            "detectors": loaded,
            "settings": asdict(study.detecting),
        }
        return video, given, named

    chosen = work.attempt(f"{_STEP}: what to measure", make)
    kept = None
    if chosen is not None:
        video, given, named = chosen
        kept = work.figures(
            _STEP,
            given,
            lambda: {
                name: asdict(row) for name, row in compare(video, named, study.detecting).items()
            },
        )
        found.filmed = f"{video.name}, taken to show one person throughout"
    reason = "; ".join(why for step, why in work.failed.items() if step.startswith(_STEP))
    found.detectors = {name: Detected(**row) for name, row in (kept or {}).items()}
    for name in printed.DETECTORS:
        if name not in found.detectors:
            found.absent[name] = reason or "no such row (setting detectors)"


def _video(study: Study, found: Findings) -> Path:
    """The video that the settings name, or the paper's, or the first that may do.

    Raises:
        UsageError: There is none.
    """
    if study.detectors_on:
        return Path(study.detectors_on)
    people = defaultdict(set)
    for clip in clips_of(found).get("AffWild2", ()):
        people[clip.video].add(clip.participant)
    alone = sorted(video for video, seen in people.items() if len(seen) == 1)
    if not alone:
        raise UsageError(
            "there is no video of AffWild2 with one person; name another (setting detectors_on)"
        )
    return next((video for video in alone if video.stem == _PAPERS_VIDEO), alone[0])
