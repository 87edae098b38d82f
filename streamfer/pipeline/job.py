"""What a run will do: its inputs, looked at and cut into segments, and its models, checked.

Nothing is written yet. A job can be kept as JSON beside the work, so that what is done of it can
be assembled before it is finished.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from streamfer.config import Analysis
from streamfer.emotion.backbone import Crop
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from streamfer.media.discover import Source, discover
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo
from streamfer.pipeline.models import LocalModels, speech_detector
from streamfer.pipeline.plan import Video, cut, plan_video
from streamfer.places import public
from streamfer.weights.description import description
from streamfer.weights.runtime import Device, model_name

# Raised whenever the same settings and models would give other rows than before.
ALGORITHM = 3

# Files that are looked at side by side: on a network share each look is a wait.
_AT_ONCE = 8


@dataclass(frozen=True)
class Job:
    """What a run will do.

    `failed` maps the keys of unusable files to the reasons; `others` counts files in folders
    that are no videos. `crop` and `context_s` are the models'.
    """

    analysis: Analysis
    device: Device
    crop: Crop
    context_s: float
    metadata: dict[str, str]
    fingerprint: str
    videos: list[Video]
    failed: dict[str, str]
    others: int

    @property
    def inputs(self) -> str:
        """A digest of all inputs: it changes when one is added, removed or changed."""
        listing = [[video.key, video.folder] for video in self.videos]
        return _digest([listing, sorted(self.failed.items())])

    @property
    def media_s(self) -> float:
        """Length of all videos, seconds."""
        return sum(video.info.end_s for video in self.videos)

    def to_json(self) -> bytes:
        """All of it but the segments, which follow from the rest, and what opens a URI."""
        fields = {name: getattr(self, name) for name in _PLAIN}
        videos = [
            {"key": v.key, "video_id": v.video_id, "folder": v.folder}
            | {"info": dataclasses.asdict(v.info) | {"path": public(v.info.path)}}
            for v in self.videos
        ]
        analysis = dataclasses.asdict(self.analysis)
        return json.dumps(fields | {"analysis": analysis, "videos": videos}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Job:
        """The inverse of `to_json`."""
        fields = json.loads(data)
        analysis = Analysis(**fields.pop("analysis"))
        crop = Crop(*fields.pop("crop"))
        videos = []
        for video in fields.pop("videos"):
            info = video.pop("info")
            info = MediaInfo(**info | {"limits": Limits(**info["limits"])})
            segments = cut(video["folder"], info, analysis, fields["context_s"])
            videos.append(Video(**video, info=info, segments=segments))
        return cls(**fields, analysis=analysis, crop=crop, videos=videos)


_PLAIN = ("device", "crop", "context_s", "metadata", "fingerprint", "failed", "others")


def prepare(
    inputs: Sequence[str],
    analysis: Analysis,
    device: Device,
    limits: Limits,
    leave_out: Collection[str] = (),
) -> Job:
    """Find and probe the inputs and check the models; nothing is written.

    In the inputs' folders, the files and folders `leave_out` are passed over.
    Raises UsageError if a model cannot be had or there is nothing to analyse.
    """
    # A worker on another kind of processor must not choose otherwise.
    analysis = dataclasses.replace(
        analysis,
        detector=model_name(analysis.detector, "detector", device),
        backbone=model_name(analysis.backbone, "backbone", device),
    )
    models = LocalModels.load(analysis, device)
    if analysis.temporal == "default":
        analysis = dataclasses.replace(analysis, temporal=models.temporal.name)
    described = models.describe()
    speech = speech_detector(analysis)
    if speech is not None:
        described["speech"] = description(speech)
    found = discover(inputs, leave_out)

    def plan(source: Source) -> Video | InputError:
        try:
            return plan_video(source.key, source.path, analysis, models.context_s, limits)
        except InputError as error:
            return error

    videos: list[Video] = []
    failed = dict(found.problems)
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        for source, planned in zip(found.videos, threads.map(plan, found.videos), strict=True):
            if isinstance(planned, Video):
                videos.append(planned)
            else:
                failed[source.key] = str(planned)
    finally:
        threads.shutdown(cancel_futures=True)
    settings = dataclasses.asdict(analysis)
    del settings["weights"]  # a place on somebody's machine; what lies there has a sha256
    return Job(
        analysis=analysis,
        device=device,
        crop=models.crop,
        context_s=models.context_s,
        metadata={
            "streamfer.settings": json.dumps(settings),
            "streamfer.models": json.dumps(described),
            "streamfer.labels": json.dumps(EMOTIONS),
        },
        fingerprint=_digest([ALGORITHM, settings, described])[:16],
        videos=videos,
        failed=failed,
        others=found.others,
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
