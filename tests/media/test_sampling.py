from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from streamfer.media.sampling import Grid, nearest_frames, needed_packets
from tests.media.reference import choose

TIME_BASES = st.sampled_from(
    [Fraction(1, 1000), Fraction(1, 90000), Fraction(1, 10), Fraction(1, 25), Fraction(1001, 30000)]
)


@st.composite
def streams(draw):
    """PTS in order of presentation, within about six seconds, with their grid."""
    time_base = draw(TIME_BASES)
    fps = draw(st.sampled_from([1, 2, 5, 7]))
    start = draw(st.integers(-(10**6), 10**9))
    offsets = draw(st.lists(st.integers(-1, int(6 / time_base)), max_size=40))
    # On a coarse lattice frames often lie on ticks, half-way between, and at equal distances.
    coarse = max(1, round(Fraction(1, 4 * fps) / time_base))
    if draw(st.booleans()):
        offsets = [offset // coarse * coarse for offset in offsets]
    pts = sorted(start + offset for offset in offsets)
    return Grid(fps, time_base, start * time_base), pts


def chosen_pts(grid, pts, first, last):
    frames = [(each, None) for each in pts]
    return {tick: each for tick, each, _ in nearest_frames(frames, grid, first, last)}


@given(streams())
def test_choice_is_the_definition(stream):
    grid, pts = stream
    times = [each * grid.time_base - grid.origin for each in pts]
    expected = {tick: pts[index] for tick, index in choose(times, grid.fps).items()}
    assert chosen_pts(grid, pts, 0, None) == expected


@given(streams(), st.integers(0, 30), st.integers(0, 30))
def test_range_is_a_part_of_the_whole(stream, first, length):
    grid, pts = stream
    whole = chosen_pts(grid, pts, 0, None)
    part = {tick: each for tick, each in whole.items() if first <= tick < first + length}
    assert chosen_pts(grid, pts, first, first + length) == part


@given(streams(), st.integers(-(10**9), 10**9))
def test_shifting_everything_changes_nothing(stream, shift):
    grid, pts = stream
    moved = Grid(grid.fps, grid.time_base, grid.origin + shift * grid.time_base)
    expected = {tick: each + shift for tick, each in chosen_pts(grid, pts, 0, None).items()}
    assert chosen_pts(moved, [each + shift for each in pts], 0, None) == expected


@settings(max_examples=300)
@given(
    streams(),
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(0, 30)),
    st.data(),
)
def test_no_needed_packet_is_spared(stream, first, last, data):
    grid, pts = stream
    order = data.draw(st.permutations(pts))
    dts = data.draw(st.sampled_from(["none", "true"]))
    # The latest DTS that the standards allow: no later packet is presented before it.
    packets = [
        (each, min(order[place:]) if dts == "true" else None, each)
        for place, each in enumerate(order)
    ]
    decided = list(needed_packets(packets, grid, first, last))
    assert [each for each, _ in decided] == order
    kept = sorted(each for each, needed in decided if needed)
    assert chosen_pts(grid, kept, first, last) == chosen_pts(grid, pts, first, last)


def test_only_the_chosen_packets_are_needed_where_dts_tell():
    grid = Grid(5, Fraction(1, 25), Fraction(0))
    packets = [(pts, pts, pts) for pts in range(100)]
    needed = [pts for pts, need in needed_packets(packets, grid, 3, 10) if need]
    assert needed == [15, 20, 25, 30, 35, 40, 45]


def test_reading_ahead_is_bounded():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield 0, None, None

    next(needed_packets(endless(), Grid(5, Fraction(1, 25), Fraction(0)), 0, None))
    assert taken <= 65


def test_packets_without_pts_make_all_that_follow_needed():
    grid = Grid(5, Fraction(1, 25), Fraction(0))
    packets = [(0, 0, "a"), (1, 1, "b"), (None, 2, "c"), (3, 3, "d"), (4, 4, "e")]
    assert dict(needed_packets(packets, grid, 0, None)) == dict.fromkeys("abcde", True)
    late = [*((pts, pts, pts) for pts in range(10)), (None, None, "x"), (11, 11, "y")]
    needed = dict(needed_packets(late, grid, 0, None))
    assert needed[0]
    assert not needed[1]
    assert needed["x"]
    assert needed["y"]
