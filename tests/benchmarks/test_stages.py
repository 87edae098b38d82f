"""Each moment counts for one stage, and the stages are the product's."""

import time

import pytest

from benchmarks.stages import REST, STAGES, StageClock, stage_seconds
from tests.conftest import Demo


def use(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_time_within_a_stage_within_a_stage_counts_once():
    clock = StageClock()
    inner = clock.called("inner", use)

    def work() -> None:
        use(0.02)
        inner(0.03)
        use(0.02)

    clock.called("outer", work)()
    use(0.01)
    clock.enter(REST)
    assert clock.seconds == pytest.approx({"outer": 0.04, "inner": 0.03, REST: 0.01}, abs=0.005)


def test_what_is_made_step_by_step_counts_and_what_is_done_with_it_does_not():
    clock = StageClock()

    def make():
        for number in range(3):
            use(0.01)
            yield number

    made = []
    for number in clock.iterated("make", make)():
        use(0.02)
        made.append(number)
    clock.enter(REST)
    assert made == [0, 1, 2]
    assert clock.seconds == pytest.approx({"make": 0.03, REST: 0.06}, abs=0.005)


def test_a_failed_stage_is_over():
    clock = StageClock()
    with pytest.raises(ZeroDivisionError):
        clock.called("fails", lambda: 1 / 0)()
    assert clock.enter("next") == REST


def test_stages_of_a_video(demo: Demo):
    functions = [getattr(owner, name) for owner, name in STAGES.values()]
    before = time.process_time()
    seconds = stage_seconds(str(demo.path), "cpu")
    whole = time.process_time() - before
    assert list(seconds) == [*STAGES, REST]
    assert min(seconds.values()) > 0
    assert seconds["find faces: the network"] == max(seconds.values())
    assert sum(seconds.values()) < whole
    assert [getattr(owner, name) for owner, name in STAGES.values()] == functions
