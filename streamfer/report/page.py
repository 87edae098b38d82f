"""What the page reads: an index of the run, and of each video its tracks.

The index is read when the page opens, a video's part only when the video is opened: so a browser
has little to do at first, whatever the run.
"""

from __future__ import annotations

import base64
import json
import math
from itertools import chain
from typing import Any

import numpy as np

from streamfer.emotion.labels import EMOTIONS
from streamfer.report.points import finest, to_points
from streamfer.report.tables import Run, Track, Video

_FACTS = ("status", "reason", "width", "height", "fps", "size_bytes", "sampled_frames", "audio")


def build(run: Run, title: str, room: int) -> tuple[str, list[str]]:
    """The index and each video's part, as JSON; together they keep within `room` bytes.

    Where all windows of all tracks need more, the longest tracks become coarser.
    """
    index = {
        "title": title,
        "run_id": run.run_id,
        "models": run.models,
        "settings": run.settings,
        "warnings": run.warnings,
        "emotions": EMOTIONS,
        "videos": [_entry(key, video) for key, video in run.videos.items()],
    }
    tracks = [list(video.tracks.items()) for video in run.videos.values()]
    parts = [[_part(number, track) for number, track in of_video] for of_video in tracks]
    rest = room - sum(len(_json(part).encode()) for part in [index, *parts])
    limit = finest([track for _, track in chain(*tracks)], rest * 3 // 4)  # base64: 3 bytes in 4
    for part, (_, track) in zip(chain(*parts), chain(*tracks), strict=True):
        points = to_points(track, limit)
        part["first"], part["step"], part["count"] = points.first, points.step, points.count
        part["data"] = base64.b64encode(points.data).decode()
    return _json(index), [_json(part) for part in parts]


def _entry(key: str, video: Video) -> dict[str, Any]:
    """A video's line in the index. What is not known is null."""
    ledger = video.ledger
    ends = [ledger.get("decoded_until_s"), ledger.get("duration_s")]
    ends.append(max((track.end_s for track in video.tracks.values()), default=None))
    windows = [_windows(track) for track in video.tracks.values()]
    return {
        "name": key,
        "seconds": next((end for end in ends if _known(end) is not None), None),
        "tracks": len(video.tracks),
        "windows": [sum(counts) for counts in zip([0] * len(EMOTIONS), *windows, strict=True)],
        "warnings": video.warnings,
    } | {name: _known(ledger.get(name)) for name in _FACTS}


def _part(number: int, track: Track) -> dict[str, Any]:
    """A track, but for its points. Times in seconds."""
    return {
        "number": number,
        "start": round(track.start_s, 3),
        "end": round(track.end_s, 3),
        "windows": _windows(track),
        "episodes": [
            [e.emotion, round(e.start_s, 3), round(e.end_s, 3), round(e.mean_probability, 3)]
            for e in track.episodes
        ],
        "face": base64.b64encode(track.face).decode() if track.face else None,
    }


def _windows(track: Track) -> list[int]:
    """How many windows have each emotion as their most probable."""
    return [int(count) for count in np.bincount(track.emotion, minlength=len(EMOTIONS))]


def _known(value: Any) -> Any:  # noqa: ANN401 - a ledger's value of any type
    return None if isinstance(value, float) and math.isnan(value) else value


def _json(value: object) -> str:
    """Compact JSON in which nothing looks like HTML, whatever a file is called."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
