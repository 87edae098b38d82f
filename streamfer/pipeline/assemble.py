"""One video's segments, put together: its rows in the public tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.episodes import find_episodes
from streamfer.emotion.labels import EMOTIONS
from streamfer.pipeline.ledger import video_row
from streamfer.pipeline.plan import Video
from streamfer.pipeline.stitch import stitch
from streamfer.store import schema
from streamfer.store.segment_file import AUDIO, EMBEDDINGS, FRAMES, TRACKS, WINDOWS, SegmentResult

Load = Callable[[int], SegmentResult | None]
"""Gives a segment's result by its index; None where there is none."""

Rows = dict[str, Iterable[pa.Table]]
"""By the table's name, a video's rows in pieces."""

_OF_VIDEO = ("video", "video_id")


def assemble(
    video: Video, load: Load, analysis: Analysis, *, attempts: int, loss: str = ""
) -> Rows:
    """Stitch a video's segments, number its tracks, and put its rows in the contracts' order.

    `attempts` is the most often one of its segments was begun; `loss` says why segments are
    missing, where some are. Results are loaded one at a time; what a result has for each sampled
    face is large, and loaded again when those rows are asked for.
    """
    results = [_without_faces(load(segment.index)) for segment in video.segments]
    maps, count = stitch(
        [(result.tracks, result.seam) if result else None for result in results],
        round(analysis.min_track_s * analysis.fps),
    )

    def joined(table: str, columns: pa.Schema) -> pa.Table:
        pieces = [_numbered(columns.empty_table(), {})]
        for result, numbers in zip(results, maps, strict=True):
            if result is not None:
                pieces.append(_numbered(getattr(result, table), numbers))
        return pa.concat_tables(pieces)

    def of_faces(table: str) -> Iterator[pa.Table]:
        for segment, numbers in zip(video.segments, maps, strict=True):
            result = load(segment.index) if numbers else None
            if result is not None:
                yield _finished(table, _numbered(getattr(result, table), numbers), video)

    timelines = _finished("timelines", _timelines(joined("windows", WINDOWS), analysis), video)
    tracks = _finished("tracks", _tracks(joined("tracks", TRACKS), analysis), video)
    ledger = video_row(video, results, analysis.fps, attempts=attempts, loss=loss, tracks=count)
    return {
        "timelines": [timelines],
        "episodes": [_finished("episodes", _episodes(timelines, tracks, analysis), video)],
        "tracks": [tracks],
        "audio": [_finished("audio", _audio(results, analysis), video)],
        "frames": of_faces("frames"),
        "embeddings": of_faces("embeddings"),
        "videos": [ledger],
    }


def _without_faces(result: SegmentResult | None) -> SegmentResult | None:
    """A segment's result without what it has for each sampled face."""
    return result and dataclasses.replace(
        result, frames=FRAMES.empty_table(), embeddings=EMBEDDINGS.empty_table()
    )


def _numbered(rows: pa.Table, numbers: dict[int, int]) -> pa.Table:
    """Those rows whose track is in `numbers`, with its number in the video as `track_id`."""
    track_id = pa.array([numbers.get(track) for track in rows["track"].to_pylist()], pa.int32())
    return rows.append_column("track_id", track_id).filter(track_id.is_valid())


def _finished(table: str, rows: pa.Table, video: Video) -> pa.Table:
    """A video's rows as the table's contract wants them."""
    contract = schema.TABLES[table]
    for name, value in (("video", video.key), ("video_id", video.video_id)):
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    columns = contract.arrow
    order = [(name, "ascending") for name in contract.sorted_by if name != "video"]
    return rows.select(columns.names).cast(columns).sort_by(order)


def _timelines(windows: pa.Table, analysis: Analysis) -> pa.Table:
    emotion = _most_probable(_probabilities(windows))
    return _with_times(windows, analysis).append_column("emotion", emotion)


def _episodes(timelines: pa.Table, tracks: pa.Table, analysis: Analysis) -> pa.Table:
    """Those of each track; `timelines` are sorted by track and window, `tracks` by track.

    Windows reach beyond the face's first and last sample; episodes do not.
    """
    presence = {row["track_id"]: (row["first_s"], row["last_s"]) for row in tracks.to_pylist()}
    track, window, faces, expected = (
        timelines[name].to_numpy() for name in ("track_id", "window", "faces", "expected")
    )
    probabilities = _probabilities(timelines)
    rows = []
    for first, stop in pairwise([*np.unique(track, return_index=True)[1], len(track)]):
        found = find_episodes(window[first:stop], probabilities[first:stop], analysis)
        first_s, last_s = presence[track[first]]
        end_s = last_s + 1 / analysis.fps
        for number, episode in enumerate(found):
            inside = slice(first + episode.first, first + episode.stop)
            row = {
                "track_id": track[first],
                "episode": number,
                "windows": episode.stop - episode.first,
                "coverage": faces[inside].sum() / expected[inside].sum(),
            }
            times = {
                name: min(max(getattr(episode, name), first_s), end_s)
                for name in ("start_s", "end_s", "peak_s")
            }
            rows.append(dataclasses.asdict(episode) | row | times)
    columns = [field for field in schema.TABLES["episodes"].arrow if field.name not in _OF_VIDEO]
    return pa.Table.from_pylist(rows, pa.schema(columns))


def _tracks(pieces: pa.Table, analysis: Analysis) -> pa.Table:
    """CNN-W over whole tracks: the mean of their faces' probabilities."""
    names = [f"p_{emotion}" for emotion in EMOTIONS]
    # In the order of the segments, so that rounding is the same in every run.
    tracks = (
        pieces.filter(pc.greater(pieces["samples"], 0))
        .group_by("track_id", use_threads=False)
        .aggregate(
            [("first_tick", "min"), ("last_tick", "max"), ("samples", "sum")]
            + [(name, "sum") for name in names]
        )
    )
    sums = np.stack([tracks[f"{name}_sum"].to_numpy() for name in names], axis=1)
    mean = (sums / sums.sum(axis=1, keepdims=True)).astype(np.float32)
    return pa.table(
        {
            "track_id": tracks["track_id"],
            "first_s": tracks["first_tick_min"].to_numpy() / analysis.fps,
            "last_s": tracks["last_tick_max"].to_numpy() / analysis.fps,
            "faces": tracks["samples_sum"],
            "emotion": _most_probable(mean),
        }
        | {name: mean[:, n] for n, name in enumerate(names)}
    )


def _audio(results: Sequence[SegmentResult | None], analysis: Analysis) -> pa.Table:
    """The windows that begin before the picture ends: where that is, a segment cannot know."""
    found = [result for result in results if result is not None]
    rows = pa.concat_tables([AUDIO.empty_table(), *(result.audio for result in found)])
    last_tick = max((result.last_tick for result in found), default=-1)
    rows = rows.filter(pc.less_equal(rows["window"], last_tick // analysis.stride_ticks))
    return _with_times(rows, analysis)


def _with_times(rows: pa.Table, analysis: Analysis) -> pa.Table:
    start_s = rows["window"].to_numpy() * analysis.stride_s
    rows = rows.append_column("window_start_s", pa.array(start_s))
    return rows.append_column("window_end_s", pa.array(start_s + analysis.window_s))


def _probabilities(rows: pa.Table) -> NDArray[np.floating]:
    """(N, 7)."""
    return np.stack([rows[f"p_{emotion}"].to_numpy() for emotion in EMOTIONS], axis=1)


def _most_probable(probabilities: NDArray[np.floating]) -> pa.Array:
    return pa.array(np.array(EMOTIONS)[probabilities.argmax(axis=1)])
