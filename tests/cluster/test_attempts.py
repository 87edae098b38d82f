"""What deaths come to."""

from streamfer.cluster.attempts import Attempts
from streamfer.media.probe import MediaInfo
from tests.cluster.segments import segments_of


def test_the_third_death_loses_a_segment_and_no_other(info: MediaInfo):
    guilty, innocent = segments_of(info, {"a": 1, "b": 1})
    attempts = Attempts()
    for deaths in (1, 2, 3):
        assert not attempts.is_lost(guilty, {"1", "2"})
        attempts.died(guilty, {"1"})
        assert attempts.count(guilty, {"1", "2"}) == deaths
    assert attempts.is_lost(guilty, {"1", "2"})
    assert attempts.count(innocent, {"1", "2"}) == 0
    assert not attempts.is_lost(innocent, {"1", "2"})


def test_a_death_is_forgiven_when_a_node_it_stood_on_is_lost(info: MediaInfo):
    (segment,) = segments_of(info, {"a": 1})
    attempts = Attempts()
    attempts.died(segment, {"worker's", "pool's"})
    attempts.died(segment, {"another"})
    assert attempts.count(segment, {"worker's", "pool's", "another"}) == 2
    assert attempts.count(segment, {"worker's", "another"}) == 1
    assert attempts.count(segment, {"pool's"}) == 0


def test_a_segment_that_takes_every_node_with_it_is_given_up_in_the_end(info: MediaInfo):
    (segment,) = segments_of(info, {"a": 1})
    attempts = Attempts()
    deaths = 0
    while not attempts.is_lost(segment, set()):
        attempts.died(segment, {f"node {deaths}"})
        deaths += 1
        assert deaths <= 20
    assert deaths > 3
