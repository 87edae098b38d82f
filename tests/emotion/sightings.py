"""Tracks made for the tests: at which ticks faces are seen, and what is read from them."""

import numpy as np
from hypothesis import strategies as st

from streamfer.emotion.windows import Observations

TRACKS = (0, 3, 7)

# Which (track, tick) are seen; their order is the order of the rows.
sightings = st.lists(
    st.tuples(st.sampled_from(TRACKS), st.integers(0, 60)), unique=True, max_size=80
)

policies = st.fixed_dictionaries(
    {"gaps": st.sampled_from(["mask", "hold", "repeat"]), "hold_ticks": st.integers(0, 6)}
)


@st.composite
def grids(draw: st.DrawFn, context: int = 6) -> dict[str, int]:
    """A window, a stride that leaves no sample out, and a context of up to `context` ticks."""
    window_ticks = draw(st.integers(1, 12))
    return {
        "window_ticks": window_ticks,
        "stride_ticks": draw(st.integers(1, window_ticks)),
        "context_ticks": draw(st.integers(0, context)),
    }


def observe(pairs: list[tuple[int, int]]) -> Observations:
    """Faces whose vectors tell track and tick, and whose probabilities depend on both."""
    rows = np.array(pairs, np.int32).reshape(-1, 2)
    told = np.array([tell(*pair) for pair in pairs], np.float32)[:, None]
    drawn = [np.random.default_rng(pair).dirichlet(np.full(7, 0.3)) for pair in pairs]
    return Observations(
        rows[:, 0],
        rows[:, 1],
        told * np.ones(512, np.float32),
        np.array(drawn, np.float32).reshape(-1, 7),
    )


def tell(track: int, tick: int) -> int:
    """What every number of this face's embedding is."""
    return track * 1000 + tick + 1
