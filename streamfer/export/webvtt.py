"""WebVTT (W3C), which browsers show beside a video or hand to a page's scripts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from streamfer.export.jsonl import lines

_TIMES = ("window_start_s", "window_end_s")
_ELSEWHERE = ("video", "video_id", *_TIMES)


def captions(_video: Mapping[str, Any], episodes: pa.Table) -> str:
    """A caption for each episode: the track's number and the emotion."""
    return _file(
        (row["start_s"], row["end_s"], f"track {row['track_id']}: {html.escape(row['emotion'])}")
        for row in episodes.to_pylist()
    )


def cues(_video: Mapping[str, Any], windows: pa.Table) -> str:
    """A cue for each window, whose text is the window's row as JSON, less video and times."""
    rest = windows.drop_columns(list(_ELSEWHERE))
    times = windows.select(_TIMES).to_pylist()
    return _file(
        (*time.values(), _unmarked(line))
        for time, line in zip(times, lines(rest.to_batches()), strict=True)
    )


def _file(found: Iterable[tuple[float, float, str]]) -> str:
    """Cues in the order of their times, as the format wants them."""
    parts = ["WEBVTT\n"]
    parts += (f"{_clock(start)} --> {_clock(end)}\n{text}\n" for start, end, text in sorted(found))
    return "\n".join(parts)


def _clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _unmarked(text: str) -> str:
    """JSON in which nothing is markup to WebVTT: `<`, `>` and `&` by their numbers."""
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
