"""TextGrid files of Praat, the phoneticians' tool, in its long text form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from streamfer.export.tiers import Interval, tiers


def text_grid(video: Mapping[str, Any], episodes: pa.Table) -> str:
    """An interval tier for each track, whose intervals are its episodes; empty where it is away."""
    found = list(tiers(episodes))
    length = 0 if math.isnan(video["duration_s"]) else round(1000 * video["duration_s"])
    end = max([length, *(intervals[-1][1] for _, intervals in found)])
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", *_bounds(0, end)]
    lines += ["tiers? <exists>", f"size = {len(found)}", "item []:"]
    for number, (name, intervals) in enumerate(found, start=1):
        lines += [f"    item [{number}]:", *_tier(name, list(_filled(intervals, end)), end)]
    return "\n".join(lines) + "\n"


def _tier(name: str, intervals: Sequence[Interval], end: int) -> Iterator[str]:
    indent = " " * 8
    yield f'{indent}class = "IntervalTier"'
    yield f"{indent}name = {_quoted(name)}"
    yield from _bounds(0, end, indent)
    yield f"{indent}intervals: size = {len(intervals)}"
    for number, (start_ms, end_ms, label) in enumerate(intervals, start=1):
        yield f"{indent}intervals [{number}]:"
        yield from _bounds(start_ms, end_ms, indent + "    ")
        yield f"{indent}    text = {_quoted(label)}"


def _filled(intervals: Sequence[Interval], end: int) -> Iterator[Interval]:
    """With empty intervals between, for a tier has no gaps."""
    reached = 0
    for interval in [*intervals, (end, end, "")]:
        if interval[0] > reached:
            yield reached, interval[0], ""
        if interval[1] > interval[0]:
            yield interval
        reached = interval[1]


def _bounds(start_ms: int, end_ms: int, indent: str = "") -> list[str]:
    return [f"{indent}xmin = {start_ms / 1000}", f"{indent}xmax = {end_ms / 1000}"]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
