"""The face of each clip, tick by tick, out of what streamfer saw in the corpus's videos."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamfer.emotion.windows import Observations
from streamfer.errors import InputError, UsageError
from trainers.corpora.samples import Clip, Omission, Pictures
from trainers.temporal.paper.seen import Faces, Seen
from trainers.temporal.paper.settings import SURROUNDINGS_S
from trainers.temporal.paper.spans import interval, picture_times

NOT_ANALYSED = "its video is not among those that were analysed"
TOO_LATE = "it begins after the end of its video"
NO_FACE = "no face is seen in it"
SEVERAL_FACES = "several faces: the one that is there longest was taken"
PARTIAL = "its video could be read in part only"


@dataclass(frozen=True)
class Sequences:
    """C clips and the n faces seen in them, ascending by clip and tick.

    faces: their `track` is the number of the clip. Their `tick` counts from the clip's start; in
    clips of `Pictures` from the video's, since such a clip is only where labels do not change, and
    what is said of a picture must not depend on that. own (n,): the tick lies in the clip's span,
    and not in the surroundings. fps: ticks a second. backbone_sha256: whose embeddings they are.
    omitted: clips that are not here. remarks: what to know of clips that are.
    """

    clips: tuple[Clip, ...]
    faces: Observations
    own: NDArray[np.bool_]
    fps: int
    backbone_sha256: str
    omitted: tuple[Omission, ...] = ()
    remarks: tuple[Omission, ...] = ()

    @property
    def labels(self) -> NDArray[np.int64]:
        """What each clip shows, (C,): indices into `EMOTIONS`."""
        return np.array([clip.label for clip in self.clips], np.int64)


class _Found(NamedTuple):
    """A clip, the faces of one track, those that lie in its span, and what to know of it."""

    clip: Clip
    faces: Faces
    own: NDArray[np.bool_]
    remarks: list[str]


def sequences(clips: Sequence[Clip], timelines: Path) -> Sequences:
    """Find the face of each clip in the run that `embed` made of the corpus.

    A face is a clip's if its centre lies in the clip's region while the span lasts. Of several the
    one is taken that is there longest, of those the largest.

    Raises:
        UsageError: The run is not one of `embed`, or no clip has a face.
    """
    seen = Seen(timelines)
    of_videos: defaultdict[Path, list[Clip]] = defaultdict(list)
    for clip in clips:
        of_videos[clip.video].append(clip)
    each = [one for video, those in of_videos.items() for one in _of_video(video, those, seen)]
    omitted = tuple(one for one in each if isinstance(one, Omission))
    found = [one for one in each if isinstance(one, _Found)]
    if not found:
        reasons = "; ".join(Counter(omission.reason for omission in omitted))
        raise UsageError(f"None of the {len(clips)} clips of {timelines} can be used: {reasons}.")
    found.sort(key=lambda one: one.clip.name)
    rows = [len(one.own) for one in found]
    return Sequences(
        clips=tuple(one.clip for one in found),
        faces=Observations(
            np.repeat(np.arange(len(found), dtype=np.int32), rows),
            np.concatenate([one.faces.tick for one in found]).astype(np.int32),
            np.concatenate([one.faces.embeddings for one in found]),
            np.concatenate([one.faces.probabilities for one in found]),
        ),
        own=np.concatenate([one.own for one in found]),
        fps=seen.fps,
        backbone_sha256=seen.backbone_sha256,
        omitted=omitted,
        remarks=tuple(Omission(why, one.clip.name) for one in found for why in one.remarks),
    )


def join(corpora: Sequence[Sequences]) -> Sequences:
    """All clips of all corpora, in their order.

    Raises:
        UsageError: They were not all looked at alike, or there is none.
    """
    if not corpora:
        raise UsageError("There is no corpus.")
    if len({(part.fps, part.backbone_sha256) for part in corpora}) > 1:
        raise UsageError(
            "The corpora were analysed with different backbones or sampling rates: analyse all of "
            "them alike."
        )
    clips_before = np.cumsum([0, *(len(part.clips) for part in corpora[:-1])])
    tracks = [part.faces.track + n for part, n in zip(corpora, clips_before, strict=True)]
    return replace(
        corpora[0],
        clips=tuple(clip for part in corpora for clip in part.clips),
        faces=Observations(
            np.concatenate(tracks).astype(np.int32),
            np.concatenate([part.faces.tick for part in corpora]),
            np.concatenate([part.faces.embeddings for part in corpora]),
            np.concatenate([part.faces.probabilities for part in corpora]),
        ),
        own=np.concatenate([part.own for part in corpora]),
        omitted=tuple(omission for part in corpora for omission in part.omitted),
        remarks=tuple(remark for part in corpora for remark in part.remarks),
    )


def _key(video: Path, keys: Container[str]) -> str | None:
    """The key of a video: its path below the folder of all, or as it is if it was not there."""
    path = video.absolute()
    below = ("/".join(path.parts[first:]) for first in range(1, len(path.parts)))
    return next((name for name in (str(path), *below) if name in keys), None)


def _of_video(video: Path, clips: Sequence[Clip], seen: Seen) -> Iterator[_Found | Omission]:
    """What there is of each clip of a video."""
    key = _key(video, seen.status)
    status, why = seen.status[key] if key else ("failed", NOT_ANALYSED)
    try:
        times = picture_times(video) if any(clip.span for clip in clips) else np.zeros(0)
    except InputError as error:
        status, why = "failed", why or str(error)
    if key is None or status == "failed":
        yield from (Omission(why, clip.name) for clip in clips)
        return
    faces = seen.faces(key)
    for clip in clips:
        within = interval(clip.span, times)
        if within is None:
            yield Omission(TOO_LATE, clip.name)
            continue
        inside = _inside(clip, faces, *within)
        if not inside.any():
            yield Omission(NO_FACE, clip.name)
            continue
        track, others = _longest(faces, inside)
        remarks = [SEVERAL_FACES] * others + [PARTIAL] * (status == "partial")
        yield _cut(clip, faces, inside & (faces.track == track), within[0], seen.fps, remarks)


def _inside(clip: Clip, faces: Faces, start: float, end: float) -> NDArray[np.bool_]:
    left, top, right, bottom = clip.region
    x, y = faces.centre.T
    there: NDArray[np.bool_] = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    return there & (start <= faces.time_s) & (faces.time_s < end)


def _longest(faces: Faces, inside: NDArray[np.bool_]) -> tuple[int, bool]:
    """The track that is there longest, of equals the largest; and whether there are others."""
    tracks, which, ticks = np.unique(faces.track[inside], return_inverse=True, return_counts=True)
    areas = np.bincount(which, faces.area[inside]) / ticks
    return int(tracks[np.lexsort((areas, ticks))[-1]]), len(tracks) > 1


def _cut(
    clip: Clip,
    faces: Faces,
    own: NDArray[np.bool_],
    start: float,
    fps: int,
    remarks: list[str],
) -> _Found:
    """The faces `own` of one track; around a clip of pictures those nearby too."""
    rows, zero = own, 0
    if isinstance(clip.span, Pictures):
        around = SURROUNDINGS_S * fps
        first, last = faces.tick[own][[0, -1]]
        near = (first - around <= faces.tick) & (faces.tick <= last + around)
        rows = near & (faces.track == faces.track[own][0])
    elif clip.span:
        zero = math.ceil(start * fps - 0.5)  # the first tick whose picture can lie in the span
    cut = faces.where(rows)
    return _Found(clip, cut._replace(tick=cut.tick - zero), own[rows], remarks)
