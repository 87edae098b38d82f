"""The video that was analysed, with its faces marked, or hidden."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from streamfer.errors import UsageError
from streamfer.media.identity import content_id
from streamfer.media.limits import Limits
from streamfer.media.picture import Picture
from streamfer.media.probe import probe
from streamfer.media.rewrite import CONTAINERS, rewrite
from streamfer.places import Place
from streamfer.report.draw import draw, hide
from streamfer.report.marks import Faces
from streamfer.store.folders import folder, kind
from streamfer.store.output import read_metadata
from streamfer.store.read import read, table_files
from streamfer.store.table_reader import open_table


def render(video: str, run: Place, out: Place, *, marks: bool = True, blur: bool = False) -> str:
    """Write `video` to `out` with what the tables of `run` say of it; what to know of the result.

    `marks`: draw boxes, track numbers, labels and probabilities. `blur`: make every face that
    the run found unrecognisable, from before it is first seen until after it is last.

    Raises UsageError if this is not the video that was analysed, by its content, the run has no
    table of frames, or `out` cannot be written; InputError if the video cannot be read.
    """
    if out.suffix not in CONTAINERS:
        raise UsageError(f"{out} must end in {', '.join(CONTAINERS[:-1])} or {CONTAINERS[-1]}.")
    if kind(out):
        raise UsageError(f"{out} is there already: remove it or choose another name.")
    known = _ledger_row(video, run)
    if blur and known["status"] != "done":
        raise UsageError(
            f"Faces cannot be hidden in {video}, which was analysed only in part: {known['reason']}"
        )
    settings = json.loads(read_metadata(run)["streamfer.settings"])
    frames = _rows(run, "frames", known["video"])
    faces = Faces(frames, _rows(run, "timelines", known["video"]), 1 / settings["fps"])

    def change(picture: Picture, time_s: float) -> None:
        if blur:
            hide(picture, faces.hidden(time_s))
        if marks:
            draw(picture, faces.seen(time_s))

    info = probe(video, Limits())
    with folder(out.parent).staging(out.name) as stage:
        rewrite(info, stage / out.name, change)
        folder(out.parent).put(stage / out.name, out.name)
    return _told(len(set(frames["track_id"].to_pylist())), settings, blur=blur)


def _ledger_row(video: str, run: Place) -> dict[str, Any]:
    """What the run's ledger says of the file with this content."""
    try:
        found = content_id(video)
    except OSError as error:
        raise UsageError(f"{video} cannot be read: {error.strerror or error}.") from None
    for row in read(run, "videos").to_pylist():
        if row["video_id"] == found:
            return dict(row)
    raise UsageError(
        f"{video} is not a video that {run} tells of: none of those has this content. It was "
        "changed since, or another was meant."
    )


def _rows(run: Place, table: str, key: str) -> pa.Table:
    """One video's rows of a table."""
    (source,) = table_files(run, table)
    with open_table(source) as rows:
        found = [
            batch.filter(pc.equal(batch["video"], key))
            for batch in rows.iter_batches(use_threads=False)
        ]
        return pa.Table.from_batches(found, rows.schema_arrow)


def _told(tracks: int, settings: dict[str, Any], *, blur: bool) -> str:
    if not blur:
        return f"Tracks that are marked: {tracks}."
    return (
        f"Tracks that are hidden: {tracks}. Faces that the run did not find are NOT hidden: turned "
        f"away, small or blurred ones of a score below {settings['min_score']:g}, and whoever was "
        f"seen for less than {settings['min_track_s']:g} s. Watch it all before you share it; a "
        "run with a lower --min-score and --min-track-s finds more. Voices stay as they are."
    )
