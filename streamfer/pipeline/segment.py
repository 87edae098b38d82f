"""One segment, from its video to its rows.

Every step up to the tracks runs over the margins too, so that neighbours agree where they
meet; crops are looked at only where a window of this segment needs them. Rows are made as soon
as nothing can change them any more, and what they were made of is forgotten: so a segment may be
as long as it likes, and the last one is, where a header claims less than there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from streamfer.config import Analysis
from streamfer.emotion.windows import WindowSound, gather, windows_starting_in
from streamfer.faces.cuts import CutDetector
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import SampleReader
from streamfer.pipeline.models import Models
from streamfer.pipeline.plan import Segment
from streamfer.pipeline.rows import (
    audio_rows,
    embedding_rows,
    frame_rows,
    join_tracks,
    seam_rows,
    track_rows,
    window_rows,
)
from streamfer.pipeline.seen import Seen
from streamfer.store.segment_file import AUDIO, EMBEDDINGS, FRAMES, SegmentResult

if TYPE_CHECKING:
    from streamfer.sound.listen import Listener
    from streamfer.sound.speech import SpeechDetector

# Rows are made of more ticks than this, except at a segment's end: a minute at five a second.
_TICKS_AT_ONCE = 300

Progress = Callable[[float], None]


def analyse_segment(
    segment: Segment,
    analysis: Analysis,
    models: Models,
    progress: Progress = lambda _: None,
    speech: SpeechDetector | None = None,
) -> SegmentResult:
    """Decode, find, track and read the faces of one segment; with `speech`, listen to it too.

    `progress` is told the second of the video that decoding has reached; it may begin long
    before the segment does.
    Raises InputError where the file cannot be opened; what breaks later is counted instead.
    """
    reader = SampleReader(
        segment.info, analysis.fps, segment.read_from, segment.read_until, progress
    )
    cuts = CutDetector(analysis.cut_distance)
    finder = FaceFinder(models.detect, analysis)
    tracker = Tracker(round(analysis.max_gap_s * analysis.fps), analysis.fps)
    rows = _Rows(segment, analysis, models, speech)
    for sample in reader:
        cut = cuts.is_cut(sample.picture)
        faces = finder.find(sample.tick, sample.picture, cut)
        tracks = tracker.update(sample.tick, sample.picture, faces, cut=cut)
        rows.seen.add(sample, faces, tracks, embed=rows.need(sample.tick))
        rows.make_settled()
    return rows.result(reader)


class _Rows:
    """The rows of a segment made so far, and what is `seen` and waits to become rows."""

    def __init__(
        self, segment: Segment, analysis: Analysis, models: Models, speech: SpeechDetector | None
    ) -> None:
        self.seen = Seen(models)
        self._segment = segment
        self._analysis = analysis
        self._context = round(models.context_s * analysis.fps)
        # From its first tick on, a window looks ahead so far.
        self._reach = analysis.window_ticks + self._context
        self._listener = _listener(segment, analysis, speech) if speech else None
        self._made_until = segment.first_tick
        self._sampled = 0
        self._tables: defaultdict[str, list[pa.Table]] = defaultdict(list)

    def need(self, tick: int) -> bool:
        """Whether a window of the segment looks at this tick."""
        first, last = self._segment.first_tick, self._segment.last_tick
        return first - self._context <= tick and (last is None or tick < last + self._reach)

    def make_settled(self) -> None:
        """Make the rows that nothing can change any more, if they are many, and forget."""
        settled = self.seen.last_tick + 1 - self._reach
        if self._segment.last_tick is not None:
            settled = min(settled, self._segment.last_tick)
        if settled > self._made_until + _TICKS_AT_ONCE:
            self._make(settled, seam_until=settled)
            self.seen.forget(settled - self._context)

    def result(self, reader: SampleReader) -> SegmentResult:
        """All rows, once the segment has been read."""
        end = self._segment.last_tick
        end = self.seen.last_tick + 1 if end is None else end
        self._make(max(end, self._made_until), seam_until=max(end, self.seen.last_tick + 1))
        tables = {name: pa.concat_tables(pieces) for name, pieces in self._tables.items()}
        return SegmentResult(
            **tables | {"tracks": join_tracks(tables["tracks"])},
            sampled=self._sampled,
            last_tick=self.seen.last_tick,
            decoded_until_s=reader.decoded_until_s,
            decode_errors=reader.decode_errors,
            ended=reader.ended,
            sound=self._listener.description if self._listener else "",
        )

    def _make(self, until: int, *, seam_until: int) -> None:
        """Make the rows of the ticks before `until` that have none yet."""
        analysis, first, self._made_until = self._analysis, self._made_until, until
        seam_from = first if self._tables else 0
        own = windows_starting_in(first, until, analysis.stride_ticks)
        faces = self.seen.all_faces(first, until)
        ticks = np.array(self.seen.ticks, np.int32)
        windows = gather(
            faces.observations,
            own,
            window_ticks=analysis.window_ticks,
            stride_ticks=analysis.stride_ticks,
            context_ticks=self._context,
            gaps=analysis.gaps,
            hold_ticks=analysis.hold_ticks,
        )
        audio = AUDIO.empty_table()
        if self._listener:
            sound = self._listener.hear(first, until + analysis.window_ticks)
            heard = sound.windows(np.array(own) * analysis.stride_ticks, analysis.window_ticks)
            audio = audio_rows(own, heard, mel=analysis.embeddings)
            row = windows.window - own.start
            share = (heard.sound_s / analysis.window_s).astype(np.float32)
            windows = replace(windows, sound=WindowSound(heard.mel[row], share[row]))
        emotions = self.seen.models.recognise(windows)
        tables = {
            "windows": window_rows(windows, emotions, faces, ticks, analysis),
            "tracks": track_rows(faces),
            "seam": seam_rows(faces, self._segment, seam_from, seam_until),
            "audio": audio,
            "frames": frame_rows(faces) if analysis.frames else FRAMES.empty_table(),
            "embeddings": embedding_rows(faces)
            if analysis.embeddings
            else EMBEDDINGS.empty_table(),
        }
        for name, table in tables.items():
            self._tables[name].append(table)
        self._sampled += int(((first <= ticks) & (ticks < until)).sum())


def _listener(segment: Segment, analysis: Analysis, speech: SpeechDetector) -> Listener:
    # Imported only here: it needs torch, which takes seconds.
    from streamfer.sound.listen import Listener  # noqa: PLC0415

    last = None if segment.last_tick is None else segment.last_tick + analysis.window_ticks
    return Listener(segment.info, analysis.fps, segment.first_tick, last, speech)
