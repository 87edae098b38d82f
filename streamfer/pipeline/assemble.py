"""One video's segments, put together: its rows in the public tables, and its ledger entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS
from streamfer.pipeline.plan import Segment, Video
from streamfer.pipeline.stitch import Ends, stitch
from streamfer.store import schema
from streamfer.store.segment_file import SegmentResult

Load = Callable[[int], SegmentResult | None]
"""Gives a segment's result by its index; None where there is none."""

_COMPUTED = ("window_start_s", "window_end_s", "emotion")
_WINDOWS = pa.schema([field for field in schema.TIMELINES if field.name not in _COMPUTED])

# A player would not show that a video ends this much early; frames can be this long.
_EARLY_S = 1.0


@dataclass(frozen=True)
class Assembled:
    """A video's rows. Those of frames and embeddings are read segment by segment."""

    timelines: pa.Table
    frames: Iterator[pa.Table]
    embeddings: Iterator[pa.Table]
    ledger: pa.Table


def assemble(
    video: Video, load: Load, analysis: Analysis, *, attempts: int, loss: str = ""
) -> Assembled:
    """Stitch a video's segments and number its tracks.

    `attempts` is the most often one of its segments was begun; `loss` says why segments are
    missing, where some are. Results are loaded one at a time and twice: first the ends, then rows.
    """
    ends: list[Ends | None] = []
    sampled = errors = 0
    decoded_until_s = math.nan
    for segment in video.segments:
        result = load(segment.index)
        if result is None:
            ends.append(None)
            continue
        ends.append((result.tracks, result.seam))
        sampled += result.sampled
        errors += result.decode_errors
        decoded_until_s = np.fmax(decoded_until_s, result.decoded_until_s)
    maps, tracks = stitch(ends, round(analysis.min_track_s * analysis.fps))

    def rows(table: str, columns: pa.Schema) -> Iterator[pa.Table]:
        for segment, numbers in zip(video.segments, maps, strict=True):
            result = load(segment.index) if numbers else None
            if result is not None:
                yield _numbered(getattr(result, table), numbers, video, columns)

    missing = [segment for segment, end in zip(video.segments, ends, strict=True) if end is None]
    where = f"{_stretches(missing, analysis.fps)}: " if len(missing) < len(ends) else ""
    reasons = [where + loss] if missing else []
    if video.segments[-1] not in missing:
        reasons += _damage(video, sampled, errors, float(decoded_until_s))
    status = "failed" if sampled == 0 else "partial" if reasons else "done"
    return Assembled(
        timelines=_timelines(list(rows("windows", _WINDOWS)), analysis),
        frames=rows("frames", schema.FRAMES),
        embeddings=rows("embeddings", schema.EMBEDDINGS),
        ledger=ledger_row(
            video=video.key,
            video_id=video.video_id,
            status=status,
            reason=" ".join(reasons),
            decoded_until_s=float(decoded_until_s),
            attempts=attempts,
            duration_s=video.info.duration_s,
            start_offset_s=video.info.start_s,
            size_bytes=video.info.size_bytes,
            width=video.info.width,
            height=video.info.height,
            fps=video.info.frame_rate,
            sampled_frames=sampled,
            tracks=tracks,
        ),
    )


def ledger_row(**known: object) -> pa.Table:
    """A row of the ledger; what is not known is NaN, 0 or the empty string."""
    unknown = {pa.string(): "", pa.float64(): math.nan}
    columns = [[known.get(field.name, unknown.get(field.type, 0))] for field in schema.VIDEOS]
    return pa.table(columns, schema=schema.VIDEOS)


def _damage(video: Video, sampled: int, errors: int, decoded_until_s: float) -> list[str]:
    """What is wrong with the file itself, in sentences for the ledger."""
    if sampled == 0:
        return [
            "No picture in it could be decoded: the file is damaged. Copy it again from its source."
        ]
    sentences = []
    if decoded_until_s < video.info.duration_s - _EARLY_S:
        sentences.append(
            f"It ends at {decoded_until_s:.1f} s although its header says "
            f"{video.info.duration_s:.1f} s: the file was probably cut off. What was there is kept."
        )
    if errors:
        sentences.append(
            f"{errors} damaged {'piece was' if errors == 1 else 'pieces were'} skipped in "
            "decoding; around them frames are missing."
        )
    return sentences


def _stretches(segments: list[Segment], fps: int) -> str:
    """The times of segments, in words: `0 s–60 s and 120 s–end`."""
    ends = ("end" if s.last_tick is None else f"{s.last_tick / fps:g} s" for s in segments)
    return " and ".join(
        f"{segment.first_tick / fps:g} s–{end}" for segment, end in zip(segments, ends, strict=True)
    )


def _numbered(
    table: pa.Table, numbers: dict[int, int], video: Video, columns: pa.Schema
) -> pa.Table:
    """Rows of the tracks in `numbers`, under the video's key and track numbers, in order."""
    local = table["track"].to_numpy()
    lookup = np.full(max(local.max(initial=0), *numbers) + 1, -1, np.int32)
    lookup[list(numbers)] = list(numbers.values())
    kept = table.append_column("track_id", pa.array(lookup[local])).filter(
        pa.array(lookup[local] >= 0)
    )
    for name, value in (("video", video.key), ("video_id", video.video_id)):
        kept = kept.append_column(name, pa.repeat(value, kept.num_rows))
    return _ordered(kept, columns)


def _timelines(pieces: list[pa.Table], analysis: Analysis) -> pa.Table:
    table = pa.concat_tables([_WINDOWS.empty_table(), *pieces])
    start = table["window"].to_numpy() * analysis.stride_s
    emotions = np.stack([table[f"p_{emotion}"].to_numpy() for emotion in EMOTIONS], axis=1)
    computed = {
        "window_start_s": start,
        "window_end_s": start + analysis.window_s,
        "emotion": np.array(EMOTIONS)[emotions.argmax(axis=1)],
    }
    for name, values in computed.items():
        table = table.append_column(name, pa.array(values))
    return _ordered(table, schema.TIMELINES)


def _ordered(table: pa.Table, columns: pa.Schema) -> pa.Table:
    """The table with these columns, sorted as its contract says; the video is one."""
    by = ("tick", "track_id") if "tick" in columns.names else ("track_id", "window")
    return table.select(columns.names).cast(columns).sort_by([(name, "ascending") for name in by])
