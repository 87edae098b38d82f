import numpy as np

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora import press_faces
from trainers.corpora.synthetic.cast import CORPORA, cast, shares

FEAR = EMOTIONS.index("fear")


def test_nobody_is_in_two_corpora(faces):
    dealt = shares(faces, seed=3)
    people = [name for corpus in CORPORA for name in dealt[corpus]]
    assert len(people) == len(set(people))
    assert set(people) == {press_faces.person(name) for name in faces.names}


def test_rare_expressions_are_dealt_out_evenly(shared):
    faces = press_faces.load(shared / "data" / "press_faces.zip")
    dealt = shares(faces, seed=0)
    afraid = {
        press_faces.person(name)
        for name, label in zip(faces.names, faces.labels, strict=True)
        if label == FEAR
    }
    assert sorted(len(afraid & set(people)) for people in dealt.values()) == [2] * 6 + [3] * 2


def test_every_participant_shows_everything_with_faces_of_their_own(faces):
    participants = cast("RAVDESS", faces, 3, 1, seed=0)
    for participant in participants:
        assert sorted(participant.changes) == list(range(len(EMOTIONS)))
    ends = [
        participant.take(label, 0).end.pixels.tobytes()
        for participant in participants
        for label in (0, FEAR)
    ]
    # One person of the share is afraid: two participants are so by half only, each in another way.
    assert len(set(ends[1::2])) == 3


def test_expressions_begin_from_the_same_persons_neutral_face(faces):
    (participant,) = cast("SAVEE", faces, 1, 1, seed=0)
    happy = participant.take(EMOTIONS.index("happiness"), 0)
    assert np.any(happy.start.pixels != happy.end.pixels)


def test_takes_are_different_pictures_where_the_person_has_several(shared):
    faces = press_faces.load(shared / "data" / "press_faces.zip")
    participants = cast("IEMOCAP", faces, 4, 3, seed=0)
    ways = [len(participant.changes[0]) for participant in participants]
    assert max(ways) > 1
    several = participants[ways.index(max(ways))]
    assert several.take(0, 0) is several.take(0, max(ways))
    assert several.take(0, 0) is not several.take(0, 1)
