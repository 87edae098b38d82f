"""Which segment a node does next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streamfer.cluster.queue import Queue
from streamfer.media.probe import MediaInfo
from streamfer.pipeline.plan import Segment
from tests.cluster.segments import segments_of


def drain(queue: Queue, node: str, nodes: set[str]) -> list[Segment]:
    taken = []
    while segment := queue.take(node, nodes):
        taken.append(segment)
    return taken


def test_one_node_does_the_videos_one_after_the_other_in_order(info: MediaInfo):
    segments = segments_of(info, {"a": 3, "b": 2})
    queue = Queue(segments)
    assert drain(queue, "here", {"here"}) == segments
    assert len(queue) == 0


def test_each_node_keeps_to_its_video(info: MediaInfo):
    queue = Queue(segments_of(info, {"a": 3, "b": 3}))
    taken = [queue.take(node, {"1", "2"}) for node in ("1", "2", "2", "1", "1", "2")]
    assert [(part.folder, part.index) for part in taken if part] == [
        ("a", 0),
        ("b", 0),
        ("b", 1),
        ("a", 1),
        ("a", 2),
        ("b", 2),
    ]


def test_a_node_without_work_takes_over_the_latter_half_of_a_video(info: MediaInfo):
    queue = Queue(segments_of(info, {"a": 9}))
    nodes = {"1", "2"}
    first = queue.take("1", nodes)
    second = [queue.take("2", nodes) for _ in range(4)]
    assert first is not None
    assert first.index == 0
    assert [part.index for part in second if part] == [5, 6, 7, 8]
    assert [part.index for part in drain(queue, "1", nodes)] == [1, 2, 3, 4]


def test_what_failed_on_a_node_is_done_on_another_if_there_is_one(info: MediaInfo):
    (segment,) = segments_of(info, {"a": 1})
    queue = Queue([])
    queue.put_back(segment, avoid="1")
    assert queue.take("1", {"1", "2"}) is None
    assert queue.take("2", {"1", "2"}) == segment
    queue.put_back(segment, avoid="1")
    assert queue.take("1", {"1"}) == segment


def test_a_node_that_cannot_read_a_video_gets_no_more_of_it(info: MediaInfo):
    segments = segments_of(info, {"a": 4})
    queue = Queue(segments)
    nodes = {"1", "2", "driver"}
    first = queue.take("1", nodes)
    assert first is not None
    assert queue.note_unreadable(first, "1", nodes)
    queue.put_back(first, avoid="1", prefer="driver")
    assert queue.take("1", nodes) is None
    other = queue.take("2", nodes)
    assert other is not None
    assert other != first, "the driver's node is asked first"
    assert first in drain(queue, "driver", nodes)
    assert len(queue) == 0


def test_what_no_node_can_read_does_not_wait_for_ever(info: MediaInfo):
    first, second = segments_of(info, {"a": 2})
    queue = Queue([second])
    assert not queue.note_unreadable(first, "1", {"1"})
    assert queue.take("1", {"1"}) == second


@given(
    videos=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    turns=st.lists(st.tuples(st.sampled_from("123"), st.booleans(), st.booleans()), max_size=60),
)
def test_every_segment_is_given_out_once_and_again_where_it_came_back(
    info: MediaInfo, videos: list[int], turns: list[tuple[str, bool, bool]]
):
    segments = segments_of(info, {str(name): count for name, count in enumerate(videos)})
    queue, nodes = Queue(segments), set("123")
    done: Counter[Segment] = Counter()
    for node, fails, cannot_read in turns:
        segment = queue.take(node, nodes)
        if segment is None:
            continue
        if cannot_read:
            if queue.note_unreadable(segment, node, nodes):
                queue.put_back(segment, avoid=node, prefer="1")
            else:
                done[segment] += 1
        elif fails:
            queue.put_back(segment, avoid=node)
        else:
            done[segment] += 1
    assert len(queue) + done.total() == len(segments)
    for node in "1231":
        done.update(drain(queue, node, nodes))
    assert done == Counter(segments)
