"""streamfer: emotion timelines from folders of video.

    import streamfer
    table = streamfer.analyse("interview.mp4")

`analyse` reads one video in this process; `streamfer run` does folders of them on all cores.
`load_detector` and `load_backbone` give the networks alone.
"""

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError, UsageError
from streamfer.faces.detector import load_detector
from streamfer.pipeline.analyse import analyse

__all__ = [
    "EMOTIONS",
    "Analysis",
    "InputError",
    "UsageError",
    "analyse",
    "load_backbone",
    "load_detector",
]
