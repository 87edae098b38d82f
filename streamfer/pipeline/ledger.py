"""What became of a video: its row in the ledger, with reasons in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa

from streamfer.pipeline.plan import Video
from streamfer.store import schema
from streamfer.store.segment_file import SegmentResult

# A player would not show that a video ends this much early; frames can be this long.
_EARLY_S = 1.0


def video_row(
    video: Video,
    results: Sequence[SegmentResult | None],
    fps: int,
    *,
    attempts: int,
    loss: str,
    tracks: int,
) -> pa.Table:
    """The ledger's row of a video that was begun; see `assemble` for the arguments."""
    found = [result for result in results if result is not None]
    sampled = sum(result.sampled for result in found)
    errors = sum(result.decode_errors for result in found)
    decoded_until_s = max((result.decoded_until_s for result in found), default=math.nan)
    reasons = []
    if len(found) < len(results):
        where = f"{_missing(video, results, fps)}: " if found else ""
        reasons.append(where + loss)
    if results[-1] is not None:
        reasons += _damage(video, sampled, errors, decoded_until_s)
    return _row(
        video=video.key,
        video_id=video.video_id,
        status="failed" if sampled == 0 else "partial" if reasons else "done",
        reason=" ".join(reasons),
        decoded_until_s=decoded_until_s,
        attempts=attempts,
        duration_s=video.info.duration_s,
        start_offset_s=video.info.start_s,
        size_bytes=video.info.size_bytes,
        width=video.info.width,
        height=video.info.height,
        fps=video.info.frame_rate,
        sampled_frames=sampled,
        tracks=tracks,
        # Segments differ in this only where the sound is damaged.
        audio="; ".join(dict.fromkeys(result.sound for result in found if result.sound)),
    )


def failed_row(key: str, reason: str) -> pa.Table:
    """The ledger's row of a file that could not be opened."""
    return _row(video=key, status="failed", reason=reason)


def _row(**known: object) -> pa.Table:
    """A row in which what is not known is NaN, 0 or the empty string."""
    unknown = {pa.string(): "", pa.float64(): math.nan}
    columns = schema.TABLES["videos"].arrow
    values = [[known.get(field.name, unknown.get(field.type, 0))] for field in columns]
    return pa.table(values, schema=columns)


def _damage(video: Video, sampled: int, errors: int, decoded_until_s: float) -> list[str]:
    """What is wrong with the file itself, in sentences."""
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


def _missing(video: Video, results: Sequence[SegmentResult | None], fps: int) -> str:
    """The times of the segments without result, in words: `0 s–60 s and 120 s–end`."""
    return " and ".join(
        f"{segment.first_tick / fps:g} s–"
        + ("end" if segment.last_tick is None else f"{segment.last_tick / fps:g} s")
        for segment, result in zip(video.segments, results, strict=True)
        if result is None
    )
