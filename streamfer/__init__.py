"""streamfer: emotion timelines from folders of video.

    import streamfer
    table = streamfer.analyse("interview.mp4")

`analyse` reads one video in this process; `streamfer run` does folders of them on all cores.
`read` gives the tables that it writes; `load_detector` and `load_backbone` give the networks alone.
docs/api.md describes them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError, UsageError

if TYPE_CHECKING:
    from streamfer.emotion.backbone import load_backbone
    from streamfer.faces.detector import load_detector
    from streamfer.pipeline.analyse import analyse
    from streamfer.store.read import read

__all__ = [
    "EMOTIONS",
    "Analysis",
    "InputError",
    "UsageError",
    "analyse",
    "load_backbone",
    "load_detector",
    "read",
]

# What needs the runtimes of networks, which take a second to import, waits until it is used.
_LATER = {
    "analyse": "streamfer.pipeline.analyse",
    "load_backbone": "streamfer.emotion.backbone",
    "load_detector": "streamfer.faces.detector",
    "read": "streamfer.store.read",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a function of any signature
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
