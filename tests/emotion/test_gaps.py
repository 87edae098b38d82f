"""What stands in for unseen faces, against the definition of each policy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from streamfer.emotion.gaps import stand_ins

rows = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=14))


def definition(present: list[bool], gaps: str, hold_ticks: int) -> list[int]:
    stands = []
    for column, there in enumerate(present):
        before = [c for c in range(column) if present[c]]
        after = [c for c in range(column, len(present)) if present[c]]
        if there:
            stands.append(column)
        elif gaps == "repeat" and (before or after):
            stands.append(before[-1] if before else after[0])
        elif gaps == "hold" and before and after and after[0] - before[-1] - 1 <= hold_ticks:
            stands.append(before[-1])
        else:
            stands.append(-1)
    return stands


@given(rows, st.sampled_from(["mask", "hold", "repeat"]), st.integers(0, 8))
def test_each_policy_is_its_definition(present, gaps, hold_ticks):
    found = stand_ins(present, gaps, hold_ticks)

    assert found.shape == present.shape
    assert found.tolist() == [definition(list(row), gaps, hold_ticks) for row in present]


@given(rows, st.integers(0, 8))
def test_nothing_is_held_in_a_gap_that_is_too_long(present, hold_ticks):
    held = (stand_ins(present, "hold", hold_ticks) >= 0) & ~present

    for row in held:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
        assert (edges[1::2] - edges[::2] <= hold_ticks).all()


@given(rows)
def test_a_hold_of_no_time_is_a_mask(present):
    np.testing.assert_array_equal(stand_ins(present, "hold", 0), stand_ins(present, "mask", 0))


@given(rows)
def test_repetition_leaves_no_gap_where_a_face_was_seen_at_all(present):
    np.testing.assert_array_equal(
        (stand_ins(present, "repeat", 0) >= 0).all(axis=1),
        present.any(axis=1) | (present.size == 0),
    )
