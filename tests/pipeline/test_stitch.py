"""Stitching gives back the tracks from which segments were cut."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.pipeline.stitch import stitch
from streamfer.store.segment_file import SEAM, TRACKS

MARGIN, LENGTH, SEGMENTS = 5, 15, 4
SUMS = [0.0] * 7  # stitching does not look at the sums of probabilities
PEOPLE = st.lists(
    # Ticks at which one person is seen; gaps of up to a margin are one track.
    st.tuples(st.integers(0, SEGMENTS * LENGTH - 1), st.lists(st.integers(1, MARGIN), max_size=60)),
    min_size=1,
    max_size=4,
)


def box(person: int, tick: int) -> tuple[float, float, float, float]:
    return (0.1 + 0.2 * person + 0.0005 * tick, 0.3, 0.1, 0.1)


def cut_up(people: list[set[int]], shuffle: int) -> list[tuple[pa.Table, pa.Table]]:
    """What segments report of people, each seen at a set of ticks; local numbers are arbitrary."""
    random = np.random.default_rng(shuffle)
    ends = []
    for k in range(SEGMENTS):
        start, end = k * LENGTH, (k + 1) * LENGTH
        numbers = random.permutation(len(people))
        tracks, seam = [], []
        for person, ticks in enumerate(people):
            seen = sorted(t for t in ticks if start - MARGIN <= t < end + MARGIN)
            if not seen:
                continue
            owned = [t for t in seen if start <= t < end]
            first = (owned or seen)[0]
            x, y, w, h = box(person, first)
            centre = (x + w / 2, y + h / 2)
            tracks.append((numbers[person], first, max(seen), *centre, len(owned), *SUMS))
            near = [t for t in seen if t < start + MARGIN or t >= end - MARGIN]
            seam += [(t, numbers[person], *box(person, t)) for t in near]
        ends.append((table(tracks, TRACKS), table(seam, SEAM)))
    return ends


def table(rows: list[tuple[float, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [[] for _ in schema]
    arrays = [
        pa.array(np.array(values).astype(field.type.to_pandas_dtype()))
        for values, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)


@settings(max_examples=200, deadline=None)
@given(people=PEOPLE, shuffle=st.integers(0, 1000))
def test_a_person_is_one_track_however_the_video_is_cut(people, shuffle):
    seen = []
    for first, gaps in people:
        ticks = first + np.cumsum([0, *gaps])
        seen.append({int(t) for t in ticks if t < SEGMENTS * LENGTH})
    ends = cut_up(seen, shuffle)
    maps, count = stitch(ends, min_samples=1)
    assert count == len(seen)
    # By first time, then by place: people's boxes are ordered from left to right.
    order = sorted(range(len(seen)), key=lambda p: (min(seen[p]), box(p, min(seen[p]))[0]))
    for k, (_, seam) in enumerate(ends):
        for row in seam.to_pylist():
            person = round((row["face_x"] - 0.1 - 0.0005 * row["tick"]) / 0.2)
            assert maps[k][row["track"]] == order.index(person)


def test_a_margin_has_no_say_in_the_order():
    # In its margin the later segment gave the second person a face of the first, and so an
    # earlier beginning, farther to the left.
    ends = cut_up([set(range(10, 30)), {12, 13, 14}], shuffle=0)
    tracks, seam = ends[1]
    rows = [
        tuple((row | {"first_tick": 10, "first_x": 0.0} if row["samples"] == 0 else row).values())
        for row in tracks.to_pylist()
    ]
    altered = [ends[0], (table(rows, TRACKS), seam), *ends[2:]]
    assert stitch(altered, min_samples=1) == stitch(ends, min_samples=1)


def test_a_track_too_short_in_the_whole_video_gets_no_number():
    # Three sightings, spread over a seam: enough together, not in either segment.
    ends = cut_up([{13, 14, 15}, {40, 41}], shuffle=0)
    assert stitch(ends, min_samples=3)[1] == 1
    assert stitch(ends, min_samples=4)[1] == 0


def test_no_track_reaches_over_a_missing_segment():
    ends = cut_up([set(range(60))], shuffle=0)
    maps, count = stitch([ends[0], None, ends[2], ends[3]], min_samples=1)
    assert count == 2
    assert maps[1] == {}
    assert list(maps[2].values()) == list(maps[3].values()) == [1]


def test_two_tracks_of_one_segment_never_become_one():
    # The later segment could not tell its two people apart from the earlier's one.
    ends = cut_up([set(range(30))], shuffle=0)
    tracks = [(0, 10, 14, 0.2, 0.3, 5, *SUMS), (1, 16, 25, 0.2, 0.3, 10, *SUMS)]
    seam = table(
        [(t, 0, *box(0, t)) for t in range(10, 14)] + [(t, 1, *box(0, t)) for t in range(14, 20)],
        SEAM,
    )
    maps, count = stitch([ends[0], (table(tracks, TRACKS), seam)], min_samples=1)
    assert count == 2
    assert len(set(maps[1].values())) == 2
