"""What a corpus is made of, as its files say: the figures of Table 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from streamfer.errors import InputError
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo, probe
from trainers.corpora.catalogue import AnyReading
from trainers.corpora.pictures import load
from trainers.corpora.samples import Clip, Pictures, Seconds, Still

PICTURES_LOOKED_AT = 100
"""Of a corpus of pictures, at most, evenly spread: its sizes are told from these."""


@dataclass(frozen=True)
class Overview:
    """A corpus in Table 1's terms.

    expressions: how many of the seven there are. participants: None where nobody knows.
    samples, left_out: taken, and omitted for any reason. seconds: of video that samples cover;
    None: it has none. fps: the lowest and the highest, Hz. sizes: the smallest and the largest
    picture (width, height) by area. unreadable: files that could not be opened.
    """

    expressions: int
    participants: int | None
    samples: int
    left_out: int
    seconds: float | None
    fps: tuple[float, float] | None
    sizes: tuple[tuple[int, int], tuple[int, int]] | None
    unreadable: int


def look(reading: AnyReading, limits: Limits) -> Overview:
    """Count a corpus's samples and open its videos, or some of its pictures, to measure them."""
    participants = {sample.participant for sample in reading.samples if sample.participant}
    clips = [sample for sample in reading.samples if isinstance(sample, Clip)]
    stills = [sample for sample in reading.samples if isinstance(sample, Still)]
    videos = {clip.video for clip in clips}
    infos = _probed(videos, limits)
    rates = [info.frame_rate for info in infos.values() if not math.isnan(info.frame_rate)]
    chosen = stills[:: math.ceil(len(stills) / PICTURES_LOOKED_AT) or 1]
    sizes = {(info.width, info.height) for info in infos.values()}
    unreadable = len(videos) - len(infos)
    for still in chosen:
        try:
            height, width = load(still).shape[:2]
            sizes.add((width, height))
        except InputError:
            unreadable += 1
    return Overview(
        len({sample.label for sample in reading.samples}),
        len(participants) or None,
        len(reading.samples),
        len(reading.omitted),
        sum(_seconds(clip, infos[clip.video]) for clip in clips if clip.video in infos)
        if clips
        else None,
        (min(rates), max(rates)) if rates else None,
        (min(sizes, key=np.prod), max(sizes, key=np.prod)) if sizes else None,
        unreadable,
    )


def _probed(videos: Iterable[Path], limits: Limits) -> dict[Path, MediaInfo]:
    """What can be opened of `videos`."""
    infos = {}
    for video in sorted(videos):
        try:
            infos[video] = probe(str(video), limits)
        except InputError:
            continue
    return infos


def _seconds(clip: Clip, info: MediaInfo) -> float:
    """How much of its video a clip covers."""
    if isinstance(clip.span, Seconds):
        return clip.span.end - clip.span.start
    if isinstance(clip.span, Pictures):
        return 0.0 if math.isnan(info.frame_rate) else clip.count / info.frame_rate
    return info.duration_s
