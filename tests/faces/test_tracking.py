"""Tracks through movement, crossings, gaps and cuts; then on detections of real clips."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.config import Analysis
from streamfer.faces.cuts import CutDetector
from streamfer.faces.detections import Faces
from streamfer.faces.detector import Detector
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe

SIZE = 60.0  # pixels, of a square face
MAX_GAP = 15
GREY = np.full((360, 640, 3), 128, np.uint8)

Point = tuple[float, float]


def faces_at(centres: list[Point], size: float = SIZE) -> Faces:
    """Square faces round these points."""
    points = np.array(centres, np.float32).reshape(-1, 2)
    boxes = np.concatenate([points - size / 2, points + size / 2], axis=1)
    landmarks = np.repeat(points[:, None], 5, axis=1)
    return Faces(boxes, landmarks, np.ones(len(points), np.float32))


def follow(ticks: list[list[Point]], picture: np.ndarray = GREY) -> list[list[int]]:
    """Numbers of the faces of each tick, seen by one tracker without a cut."""
    tracker = Tracker(MAX_GAP)
    return [
        tracker.update(tick, picture, faces_at(centres), cut=False).tolist()
        for tick, centres in enumerate(ticks)
    ]


@st.composite
def walks(draw: st.DrawFn, people: int, ticks: int) -> np.ndarray:
    """People in lanes four faces apart, who step up to 0.7 faces a tick: (ticks, people, 2)."""
    steps = draw(
        st.lists(
            st.lists(st.floats(-0.7, 0.7), min_size=people, max_size=people),
            min_size=ticks,
            max_size=ticks,
        )
    )
    across = 300 + SIZE * np.cumsum(np.array(steps), axis=0)
    down = np.broadcast_to(50 + 4 * SIZE * np.arange(people), across.shape)
    return np.stack([across, down], axis=2)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_people_far_apart_are_never_mixed_and_never_lost(data: st.DataObject) -> None:
    paths = data.draw(walks(people=3, ticks=20))
    ticks = [[tuple(point) for point in paths[tick]] for tick in range(20)]
    numbers = follow(ticks)
    assert sorted(numbers[0]) == [0, 1, 2]
    assert numbers == [numbers[0]] * 20


def test_a_head_thrown_aside_and_back_is_still_the_same() -> None:
    aside = [0, 0.72, 0.02, 0.02, -0.7, 0, 0.7, 0]
    numbers = follow([[(300 + SIZE * x, 100)] for x in aside])
    assert numbers == [[0]] * len(aside)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_who_is_missed_now_and_then_is_still_nobody_else(data: st.DataObject) -> None:
    paths = data.draw(walks(people=3, ticks=20))
    seen = data.draw(st.lists(st.sets(st.integers(0, 2)), min_size=20, max_size=20))
    ticks = [
        [tuple(paths[tick, person]) for person in sorted(people)]
        for tick, people in enumerate(seen)
    ]
    person_of: dict[int, int] = {}
    for people, numbers in zip(seen, follow(ticks), strict=True):
        for person, number in zip(sorted(people), numbers, strict=True):
            assert person_of.setdefault(number, person) == person


@given(data=st.data(), cut_at=st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_no_track_runs_across_a_cut(data: st.DataObject, cut_at: int) -> None:
    paths = data.draw(walks(people=2, ticks=10))
    tracker = Tracker(MAX_GAP)
    numbers = [
        set(tracker.update(tick, GREY, faces_at(list(map(tuple, path))), cut=tick == cut_at))
        for tick, path in enumerate(paths)
    ]
    assert numbers == [{0, 1}] * cut_at + [{2, 3}] * (10 - cut_at)


@pytest.mark.parametrize("max_gap", [1, 5, 15])
@pytest.mark.parametrize("longer", [0, 1])
def test_a_gap_longer_than_the_longest_begins_a_new_track(max_gap: int, longer: int) -> None:
    tracker = Tracker(max_gap)
    face = faces_at([(100, 100)])
    assert tracker.update(7, GREY, face, cut=False).tolist() == [0]
    assert tracker.update(7 + max_gap + longer, GREY, face, cut=False).tolist() == [longer]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_faces_does_not_matter(data: st.DataObject) -> None:
    points = st.tuples(st.integers(0, 640), st.integers(0, 360))
    ticks = data.draw(st.lists(st.lists(points, max_size=5, unique=True), max_size=12))
    straight, shuffled = Tracker(MAX_GAP), Tracker(MAX_GAP)
    for tick, centres in enumerate(ticks):
        order = data.draw(st.permutations(range(len(centres))))
        faces = faces_at(centres)
        expected = straight.update(tick, GREY, faces, cut=False)
        numbers = shuffled.update(tick, GREY, faces.select(np.array(order, np.intp)), cut=False)
        assert numbers.tolist() == expected[list(order)].tolist()


@given(
    left=st.floats(0.2, 0.6),
    right=st.floats(0.2, 0.6),
    phase=st.floats(0, 1),
    between=st.floats(0, 0.5),
)
@settings(max_examples=100, deadline=None)
def test_two_who_walk_past_each_other_keep_their_tracks(
    left: float, right: float, phase: float, between: float
) -> None:
    """Speeds and the distance of the paths in faces; the one behind is not seen while hidden.

    Where one face is seen in place of two it may be taken for either: only looks could tell.
    """
    ticks = []
    for tick in range(-10, 11):
        front = (320 - SIZE * left * (tick + phase), 150.0)
        behind = (320 + SIZE * right * (tick + phase), 150 + SIZE * between)
        hidden = abs(front[0] - behind[0]) < SIZE / 2
        ticks.append([front] if hidden else [front, behind])
    numbers = follow(ticks)
    assert all(now == numbers[0] for now in numbers if len(now) == 2)
    assert max(map(max, numbers)) == 1


def test_two_who_meet_and_turn_back_are_told_apart_by_their_colours() -> None:
    tracker = Tracker(MAX_GAP)
    numbers = []
    for tick in range(-8, 9):
        apart = SIZE * 0.4 * abs(tick)
        picture = GREY.copy()
        picture[:, : int(320 + 0.1 * SIZE)] = (200, 60, 40)  # red on the left, blue on the right
        picture[:, int(320 + 0.1 * SIZE) :] = (40, 60, 200)
        places = [(320 - apart, 100.0), (320 + apart, 100.0)]
        hidden = abs(tick) <= 1
        found = tracker.update(tick, picture, faces_at(places[: 1 if hidden else 2]), cut=False)
        numbers.append(found.tolist())
    assert numbers[0] == [0, 1]
    assert numbers[-1] == [0, 1]


def test_who_comes_after_a_gap_and_looks_quite_different_is_somebody_else() -> None:
    red, blue = GREY.copy(), GREY.copy()
    red[:], blue[:] = (200, 60, 40), (40, 60, 200)
    face = faces_at([(320, 100)])
    tracker = Tracker(MAX_GAP)
    assert tracker.update(0, red, face, cut=False).tolist() == [0]
    assert tracker.update(5, blue, face, cut=False).tolist() == [1]
    assert tracker.update(10, red, face, cut=False).tolist() == [0]


def test_a_face_that_moves_two_sizes_between_samples_keeps_its_track() -> None:
    assert follow([[(50 + 2 * SIZE * tick, 100)] for tick in range(8)]) == [[0]] * 8


def test_a_face_twice_as_large_is_another_face() -> None:
    tracker = Tracker(MAX_GAP)
    assert tracker.update(0, GREY, faces_at([(300, 200)]), cut=False).tolist() == [0]
    larger = faces_at([(300, 200)], size=2.1 * SIZE)
    assert tracker.update(1, GREY, larger, cut=False).tolist() == [1]


def test_nobody_is_an_answer() -> None:
    numbers = Tracker(MAX_GAP).update(0, GREY, Faces.empty(), cut=False)
    assert numbers.shape == (0,)
    assert numbers.dtype == np.int32


@given(seed=st.integers(0, 2**32 - 1), start=st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_a_tracker_that_starts_later_soon_links_the_same_faces(seed: int, start: int) -> None:
    """What segments are stitched by: people who cross, are missed at times, come and go."""
    rng = np.random.default_rng(seed)
    places = rng.uniform([60, 100], [580, 260], (4, 2))
    velocities = rng.normal(0, 0.25 * SIZE, (4, 2)) * [1, 0.1]
    early, late = Tracker(MAX_GAP), Tracker(MAX_GAP)
    same: set[tuple[int, int]] = set()
    for tick in range(start + 70):
        places = places + velocities
        outside = (places < [40, 80]) | (places > [600, 280])
        velocities = np.where(outside, -velocities, velocities)
        seen = places[rng.random(4) > 0.1] + rng.normal(0, 0.03 * SIZE, 2)
        faces = faces_at(list(map(tuple, seen)))
        numbers = early.update(tick, GREY, faces, cut=False)
        if tick >= start:
            others = late.update(tick, GREY, faces, cut=False)
            if tick >= start + MAX_GAP + 5:
                same |= set(zip(numbers.tolist(), others.tolist(), strict=True))
    assert len(same) == len({a for a, _ in same}) == len({b for _, b in same})


def tracks_of(path: Path, detector: Detector) -> tuple[list[Faces], list[np.ndarray], list[int]]:
    """Faces and track numbers of each sampled picture, and the places of the cuts."""
    analysis = Analysis()
    finder = FaceFinder(detector.detect, analysis)
    detects_cut = CutDetector(analysis.cut_distance)
    tracker = Tracker(MAX_GAP)
    found, tracks, cuts = [], [], []
    for sample in SampleReader(probe(str(path), Limits()), analysis.fps):
        cut = detects_cut.is_cut(sample.picture)
        faces = finder.find(sample.tick, sample.picture, cut)
        if cut:
            cuts.append(len(found))
        found.append(faces)
        tracks.append(tracker.update(sample.tick, sample.picture, faces, cut=cut))
    return found, tracks, cuts


@pytest.mark.parametrize(
    "name",
    ["pyfeat__WolfgangLanger_Pexels.mp4", "liveportrait__d3.mp4", "fer__test.mp4"],
)
def test_one_person_is_one_track(clips: Path, detector: Detector, name: str) -> None:
    _, tracks, _ = tracks_of(clips / name, detector)
    assert set(np.concatenate(tracks).tolist()) == {0}


def test_two_boys_in_a_crowd_keep_their_tracks(clips: Path, detector: Detector) -> None:
    found, tracks, _ = tracks_of(clips / "facenet__video.mp4", detector)
    assert np.concatenate(tracks).max() < 20

    # Centres of the boys' faces in the first and the last sample, read off the pictures.
    for first, last in [((711, 597), (390, 678)), ((951, 678), (798, 702))]:
        number = tracks[0][nearest(found[0], first)]
        assert tracks[-1][nearest(found[-1], last)] == number
        assert sum(number in numbers for numbers in tracks) >= len(tracks) - 1


def nearest(faces: Faces, point: tuple[int, int]) -> int:
    centres = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    return int(np.linalg.norm(centres - point, axis=1).argmin())


def test_no_track_joins_two_shots_of_a_real_clip(clips: Path, detector: Detector) -> None:
    _, tracks, cuts = tracks_of(clips / "face_recognition__short_hamilton_clip.mp4", detector)
    assert len(cuts) == 3
    bounds = [0, *cuts, len(tracks)]
    shots = [
        set(np.concatenate(tracks[start:end]).tolist()) for start, end in itertools.pairwise(bounds)
    ]
    assert all(shots)
    assert sum(map(len, shots)) == len(set.union(*shots))
