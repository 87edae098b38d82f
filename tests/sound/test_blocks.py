import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamfer.media.audio import Stretch
from streamfer.sound.blocks import BLOCK_S, cut_blocks

RATE = 50
CONTEXT = 30
LENGTH = BLOCK_S * RATE


def context_at(rate: int) -> int:
    assert rate == RATE
    return CONTEXT


def sound(start: int, end: int) -> Stretch:
    """Two channels: the number of each sample, and its double."""
    numbers = np.arange(start, end, dtype=np.float32)
    return Stretch(start, RATE, np.stack([numbers, 2 * numbers]))


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 700)), min_size=1, max_size=8),
    st.lists(st.integers(1, 150), min_size=1, max_size=5),
)
def test_blocks_hold_all_sound_and_its_surroundings_however_it_comes(steps, pieces):
    stretches, heard = [], np.zeros(10_000, bool)
    place = 0
    for hole, length in steps:
        begin, place = place + hole, place + hole + length
        heard[begin:place] = True
        # The same sound comes in pieces of any length.
        cuts = begin
        while cuts < place:
            end = min(place, cuts + pieces[cuts % len(pieces)])
            stretches.append(sound(cuts, end))
            cuts = end
    blocks = list(cut_blocks(stretches, context_at))
    with_sound = heard.reshape(-1, LENGTH).any(axis=1)
    assert [block.number for block in blocks] == np.flatnonzero(with_sound).tolist()
    numbers = np.pad(np.arange(len(heard)), CONTEXT)
    heard = np.pad(heard, CONTEXT)
    for block in blocks:
        part = slice(block.number * LENGTH, (block.number + 1) * LENGTH + 2 * CONTEXT)
        expected = np.where(heard[part], numbers[part], 0)
        assert np.array_equal(block.heard, heard[part])
        assert np.array_equal(block.mono, np.float32(1.5) * expected)
        assert np.allclose(block.power, 2.5 * np.square(expected, dtype=float), rtol=1e-6)
        assert len(block.mono[block.own]) == LENGTH


def test_blocks_come_as_soon_as_they_are_whole():
    taken = []

    def stretches():
        for start in range(0, 10 * LENGTH, RATE):
            taken.append(start)
            yield sound(start, start + RATE)

    blocks = cut_blocks(stretches(), context_at)
    for number in range(8):
        assert next(blocks).number == number
        assert len(taken) * RATE <= (number + 1) * LENGTH + 2 * RATE
