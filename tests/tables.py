"""Comparing tables as the promises state it: the same rows, probabilities within 1e-4."""

import numpy as np
import pyarrow as pa

from streamfer.store.work import WorkFolder

PROBABILITY = 1e-4
PLACE = 1e-4


def assert_same_rows(a: pa.Table, b: pa.Table) -> None:
    """The same videos, tracks and windows, and the same values to rounding."""
    assert a.column_names == b.column_names
    for name in a.column_names:
        one, other = a[name], b[name]
        if pa.types.is_floating(one.type):
            left, right = one.to_numpy(), other.to_numpy()
            assert len(left) == len(right), name
            np.testing.assert_allclose(left, right, rtol=0, atol=PLACE, err_msg=name)
        else:
            assert one.equals(other), name


def committed(work: WorkFolder, video_dir: str) -> set[int]:
    """The numbers, up to 20, of a video's committed segments."""
    return {number for number in range(20) if work.load(video_dir, number)}
