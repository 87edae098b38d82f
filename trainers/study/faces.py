"""The study's last stage: Figures 7 to 10, of faces from the corpora.

As in the paper, Figures 7 and 8 show frames of videos and Figures 9 and 10 stills; where there
are no such corpora, the others take their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.errors import InputError, UsageError
from streamfer.faces.detector import Detector
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from trainers.analysis.explain import choice, figures
from trainers.analysis.explain.explainable import Explainable, load_explainable
from trainers.analysis.explain.photograph import find_face
from trainers.corpora.samples import Clip, Still
from trainers.predictions import Predictions
from trainers.study.findings import Findings
from trainers.study.reading import clips_of, samples_digest, stills_of
from trainers.study.settings import Study
from trainers.study.stills import UNKNOWN, backbone_file, detector_of, face_of_still
from trainers.study.work import Work
from trainers.temporal.paper.spans import interval, picture_times

CANDIDATES = 100
"""Samples, drawn by chance, among which a figure's are chosen."""

NUMBERS = (7, 8, 9, 10)

Face = NDArray[np.uint8]


@dataclass(frozen=True)
class _Shown:
    """Faces that may be shown, and what the backbone says of them."""

    faces: Sequence[Face]
    said: Predictions

    def of(self, chosen: Sequence[int] | NDArray[np.intp]) -> tuple[list[Face], list[int]]:
        """The faces with these numbers and their labels."""
        return [self.faces[i] for i in chosen], [int(self.said.labels[i]) for i in chosen]


def draw_faces(study: Study, out: Path, work: Work, found: Findings) -> None:
    """Draw Figures 7 to 10 into `out`/figures, unless the study leaves them out."""
    if not study.faces:
        found.absent |= {
            f"Figure {n}": "Left out, since it shows faces of the corpora: without --no-faces and "
            "with faces = true it is drawn."
            for n in NUMBERS
        }
        return
    step = "a backbone to explain"
    loaded = work.attempt(
        step, lambda: (load_explainable(backbone_file(study, found)), detector_of(study))
    )
    if loaded is None:
        found.absent |= {f"Figure {n}": work.failed[step] for n in NUMBERS}
        return
    explainable, detector = loaded
    clips = _one_of_each_take(clip for of in clips_of(found).values() for clip in of)
    stills = [still for of in stills_of(found).values() for still in of]
    of_clips = cache(partial(_candidates, clips or stills, explainable, detector, study))
    of_stills = cache(partial(_candidates, stills or clips, explainable, detector, study))
    for number, samples, candidates in (
        (7, clips or stills, of_clips),
        (8, clips or stills, of_clips),
        (9, stills or clips, of_stills),
        (10, stills or clips, of_stills),
    ):
        name, file = f"Figure {number}", f"figures/figure-{number}.png"
        given = {
            "backbone": explainable.sha256,
            "detector": [detector.sha256, study.analysis.min_score],
            "samples": samples_digest(samples),
            "seed": study.seed,
        }

        def draw(
            path: Path, number: int = number, candidates: Callable[[], _Shown] = candidates
        ) -> None:
            _draw(number, explainable, candidates(), study.seed, path)

        if work.file(name, given, out / file, draw) is None:
            found.absent[name] = work.failed[name]
        else:
            found.figures[number] = file


def _one_of_each_take(clips: Iterable[Clip]) -> list[Clip]:
    """Two recordings of one performance would show the same face."""
    return list({(clip.corpus, clip.take or clip.name): clip for clip in clips}.values())


def _draw(number: int, explainable: Explainable, shown: _Shown, seed: int, path: Path) -> None:
    if number == 7:
        chosen = choice.right_and_wrong(shown.said, seed)
        figures.figure7(explainable, *shown.of(chosen), path)
    elif number == 8:
        chosen = choice.contradicted(shown.said)
        if not len(chosen):
            raise UsageError("there is no face whose annotation the backbone contradicts")
        figures.figure8(explainable, *shown.of(chosen), path)
    else:
        pair = choice.clear_pair if number == 9 else choice.doubtful_pair
        draw = figures.figure9 if number == 9 else figures.figure10
        faces, labels = shown.of(pair(shown.said, seed))
        draw(explainable, (faces[0], faces[1]), (labels[0], labels[1]), path)


def _candidates(
    samples: Sequence[Clip | Still], explainable: Explainable, detector: Detector, study: Study
) -> _Shown:
    """Faces of some samples, drawn by chance; those in which there is none are passed over."""
    drawn = np.random.default_rng(study.seed).permutation(len(samples))[:CANDIDATES]
    chosen, faces = [], []
    for sample in (samples[i] for i in sorted(drawn)):
        try:
            if isinstance(sample, Still):
                face: Face | None = face_of_still(sample, explainable.crop, detector)
            else:
                face = _face_of_clip(sample, explainable, detector, study.execution.limits)
        except InputError:
            continue
        if face is not None:
            chosen.append(sample)
            faces.append(face)
    if not faces:
        raise UsageError("there is no sample with a face")
    return _Shown(faces, Predictions.of(chosen, UNKNOWN, explainable.probabilities(faces)))


def _face_of_clip(
    clip: Clip, explainable: Explainable, detector: Detector, limits: Limits
) -> Face | None:
    """The participant's face in the middle of a clip, if one is found."""
    times = picture_times(clip.video)
    within = interval(clip.span, times) if len(times) else None
    if within is None:
        return None
    start, end = max(within[0], times[0]), min(within[1], times[-1])
    fps = Analysis.fps
    tick = round((start + end) / 2 * fps)
    for sample in SampleReader(probe(str(clip.video), limits), fps, tick, tick + fps):
        height, width = sample.picture.shape[:2]
        left, top, right, bottom = clip.region
        part = sample.picture[
            round(top * height) : round(bottom * height), round(left * width) : round(right * width)
        ]
        found = find_face(np.ascontiguousarray(part), detector, explainable.crop)
        return found.face if found else None
    return None
