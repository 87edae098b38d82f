"""What was seen is kept as long as it is needed, and no longer."""

import tracemalloc

import numpy as np
import pytest

from streamfer.config import Analysis
from streamfer.faces.detections import Faces
from streamfer.media.decode import Sample
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.seen import Seen

PICTURE = np.zeros((100, 200, 3), np.uint8)


@pytest.fixture(scope="module")
def models() -> LocalModels:
    return LocalModels.load(Analysis(), "cpu")


def add(seen: Seen, tick: int, faces: int, *, embed: bool) -> None:
    """A tick at which so many faces were seen, the n-th of track n, `tick` pixels to the right."""
    left = 10.0 * np.arange(faces) + tick
    boxes = np.stack([left, left, left + 20, left + 20], axis=1).astype(np.float32)
    landmarks = np.zeros((faces, 5, 2), np.float32) + boxes[:, None, :2]
    landmarks += np.array([[5, 5], [15, 5], [10, 10], [5, 15], [15, 15]])
    found = Faces(boxes, landmarks, np.full(faces, 0.9, np.float32))
    sample = Sample(tick, tick / 5, PICTURE)
    seen.add(sample, found, np.arange(faces, dtype=np.int32), embed=embed)


def test_what_is_forgotten_is_gone_and_the_rest_is_as_before(models):
    seen = Seen(models)
    for tick in range(40):
        add(seen, tick, tick % 3, embed=5 <= tick < 30)
    before = seen.all_faces(0, 40)
    seen.forget(17)
    after = seen.all_faces(0, 40)
    kept = before.observations.tick >= 17
    assert kept.sum() == len(after.observations.tick)
    for name in ("track", "tick", "embeddings", "probabilities"):
        old, new = (getattr(one.observations, name) for one in (before, after))
        np.testing.assert_array_equal(new, old[kept])
    np.testing.assert_array_equal(after.faces.boxes, before.faces.boxes[kept])
    np.testing.assert_array_equal(after.time_s, before.time_s[kept])
    # Only some were shown to the backbone.
    assert (after.observations.probabilities.sum(axis=1) > 0).sum() == sum(
        tick % 3 for tick in range(17, 30)
    )


def test_ticks_without_any_face_are_forgotten_too(models):
    seen = Seen(models)
    for tick in range(20):
        add(seen, tick, 0, embed=True)
    seen.forget(17)
    assert seen.ticks == [17, 18, 19]
    assert len(seen.all_faces(0, 20).observations.tick) == 0


def test_memory_is_that_of_what_is_kept(models):
    def peak(ticks: int) -> int:
        seen = Seen(models)
        tracemalloc.start()
        for tick in range(ticks):
            add(seen, tick, 8, embed=False)
            if tick % 100 == 99:
                seen.forget(tick - 10)
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # Vectors of a hundred ticks are 1.6 MB.
    assert peak(2000) < 1.2 * peak(200)
