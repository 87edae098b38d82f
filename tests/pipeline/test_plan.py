"""How a video is cut follows from what its packets tell, and from the settings."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.media.limits import Limits
from streamfer.media.probe import MediaInfo
from streamfer.pipeline.plan import cut

INFO = MediaInfo(
    path="a.mp4",
    size_bytes=1,
    container="mov,mp4,m4a,3gp,3g2,mj2",
    codec="h264",
    width=640,
    height=360,
    rotation=0,
    frame_rate=25.0,
    start_s=0.0,
    duration_s=600.0,
    end_s=600.0,
    run_up_s=2.0,
    declared=True,
    skips=True,
    limits=Limits(),
)


@pytest.mark.parametrize(
    ("run_up_s", "length_s"), [(0, 60), (2, 60), (60, 60), (61, 120), (150, 180), (600, 600)]
)
def test_segments_are_as_long_as_what_is_decoded_in_vain_before_them(run_up_s, length_s):
    info = dataclasses.replace(INFO, run_up_s=run_up_s)
    segments = cut("", info, Analysis(), 0.0)
    assert len(segments) == round(600 / length_s)
    assert {part.first_tick % (5 * length_s) for part in segments} == {0}


@given(
    end_s=st.floats(0, 2e4),
    run_up_s=st.floats(0, 2e4),
    declared_s=st.floats(0, 1e9),
    segment_s=st.sampled_from([1, 10, 60, 3600]),
)
def test_segments_cover_every_tick_once(end_s, run_up_s, declared_s, segment_s):
    """Whatever the header says."""
    info = dataclasses.replace(INFO, end_s=end_s, run_up_s=run_up_s, duration_s=declared_s)
    segments = cut("", info, Analysis(segment_s=segment_s), 0.0)
    edges = [part.first_tick for part in segments]
    assert edges[0] == 0
    assert [part.last_tick for part in segments] == [*edges[1:], None]
    assert sum(part.media_seconds(5) for part in segments) == pytest.approx(end_s)
    lengths = [after - before for before, after in itertools.pairwise(edges)]
    assert all(length >= 5 * max(run_up_s, segment_s) - 1e-6 for length in lengths)
    if lengths:
        assert end_s - edges[-1] / 5 >= lengths[0] / 5 / 2 - 1e-6
