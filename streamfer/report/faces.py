"""A small picture of each track, cut out of the video that was analysed, and of no other.

A picture of a face is personal data: none is made unless it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import pyarrow.compute as pc

from streamfer.errors import InputError
from streamfer.media.decode import SampleReader
from streamfer.media.discover import discover
from streamfer.media.identity import content_id
from streamfer.media.limits import Limits
from streamfer.media.picture import Picture
from streamfer.media.probe import MediaInfo, probe
from streamfer.places import Place
from streamfer.report.tables import Run
from streamfer.store.table_reader import read_table

_KEY = ["video", "video_id", "track_id"]
_BOX = ["face_x", "face_y", "face_w", "face_h"]
_PLACE = ["window_start_s", "window_end_s", *_BOX]
_SCORE = "detection_score"
_SIDE = 96
_AROUND = 1.5  # the picture's side, in longer sides of the face's box
_QUALITY = 75


def add_faces(run: Run, timelines: Place, folder: Path) -> None:
    """Give each track of a run a picture; a video that has none gets a warning that says why.

    A picture is from the window in which the face is seen best, of the file in `folder` whose
    content is the one that was analysed, whatever it is called. Raises UsageError if there is no
    video in the folder.
    """
    files = _by_content(folder)
    for (key, video_id), windows in _best_windows(timelines).items():
        video = run.videos[key]
        if video_id not in files:
            video.warnings.append(f"No pictures: the video that was analysed is not in {folder}.")
            continue
        try:
            info = probe(files[video_id], Limits())
            for window in windows:
                video.tracks[window["track_id"]].face = _cut(info, window, run.settings["fps"])
        except InputError as error:
            video.warnings.append(f"No pictures: {error}")


def _by_content(folder: Path) -> dict[str, str]:
    """The paths of the videos in a folder by what they hold; names prove nothing."""
    files = {}
    for source in discover([str(folder)]).videos:
        try:
            files[content_id(source.path)] = source.path
        except OSError:
            continue  # it cannot be read: as good as absent
    return files


def _best_windows(timelines: Place) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By video and its content, of each track the window in which the face was seen best."""
    rows = read_table(timelines, [*_KEY, *_PLACE, "faces", "expected", _SCORE])
    coverage = pc.divide(rows["faces"].cast("float64"), rows["expected"].cast("float64"))
    rows = rows.append_column("seen", pc.multiply(coverage, rows[_SCORE]))
    best = (
        rows.sort_by([*((name, "ascending") for name in _KEY), ("seen", "descending")])
        .group_by(_KEY, use_threads=False)
        .aggregate([(name, "first") for name in _PLACE])
        .rename_columns([*_KEY, *_PLACE])
    )
    windows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in best.to_pylist():
        windows[row["video"], row["video_id"]].append(row)
    return windows


def _cut(info: MediaInfo, window: dict[str, Any], fps: int) -> bytes | None:
    """The face in the middle of a window as a JPEG; None where nothing can be decoded."""
    middle = round((window["window_start_s"] + window["window_end_s"]) / 2 * fps)
    end = round(window["window_end_s"] * fps)
    sample = next(iter(SampleReader(info, fps, middle, end)), None)
    return None if sample is None else _jpeg(sample.picture, [window[name] for name in _BOX])


def _jpeg(picture: Picture, box: list[float]) -> bytes:
    """The square round a face; `box` is x, y, width and height as fractions of the picture."""
    height, width = picture.shape[:2]
    x, y, w, h = (part * size for part, size in zip(box, (width, height) * 2, strict=True))
    side = max(1, round(_AROUND * max(w, h)))
    square = cv2.getRectSubPix(picture, (side, side), (x + w / 2, y + h / 2))
    small = cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
