"""Nobody on two sides, takes whole, each clip measured once; clear words where it cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.errors import UsageError
from trainers.corpora.samples import Clip
from trainers.protocols import folds
from trainers.protocols.folds import Fold


def clip(corpus: str, number: int, participant: str, **further: str) -> Clip:
    video = Path("/corpora") / corpus / f"{number}.mp4"
    return Clip(corpus, f"{number}", video, number % 7, participant, **further)


def corpus(name: str, participants: int, each: int = 4) -> list[Clip]:
    return [clip(name, n, f"p{n % participants}") for n in range(participants * each)]


def by_another_path(clips: list[Clip]) -> list[Clip]:
    return [replace(c, corpus="B", video=Path("/corpora/B/..") / "A" / c.video.name) for c in clips]


def sides(clips: list[Clip], fold: Fold) -> list[set[tuple[str, str]]]:
    return [
        {(clips[index].corpus, clips[index].participant) for index in side}
        for side in (fold.taught, fold.watched, fold.measured)
    ]


def assert_apart(clips: list[Clip], fold: Fold) -> None:
    taught, watched, measured = sides(clips, fold)
    assert taught
    assert watched
    assert measured
    assert not taught & watched
    assert not taught & measured
    assert not watched & measured


def takes(clips: list[Clip], indices: tuple[int, ...]) -> set[tuple[str, str]]:
    return {(clips[index].corpus, clips[index].take) for index in indices if clips[index].take}


@st.composite
def corpora(draw: st.DrawFn, names: tuple[str, ...]) -> list[Clip]:
    """Clips of eight or more participants, some of whom share takes, in any order."""
    clips = []
    for name in names:
        people = draw(st.integers(8, 12))
        for number in range(people * 3):
            person = number % people
            shared = draw(st.booleans())
            # Two neighbours at most act together, so that four groups or more are left.
            take = f"t{person // 2}" if shared else ""
            clips.append(clip(name, number, f"p{person}", take=take))
    return draw(st.permutations(clips))


@given(corpora(("A", "B", "C")))
def test_a_corpus_left_out_is_measured_and_nobody_is_on_two_sides(clips: list[Clip]) -> None:
    found = folds.leave_one_corpus_out(clips)
    assert [fold.name for fold in found] == ["A", "B", "C"]
    for fold in found:
        assert_apart(clips, fold)
        assert {clips[index].corpus for index in fold.measured} == {fold.name}
        assert {clips[index].corpus for index in fold.watched} == {"A", "B", "C"} - {fold.name}
        parts = (*fold.taught, *fold.watched, *fold.measured)
        assert sorted(parts) == list(range(len(clips)))
        assert not takes(clips, fold.taught) & takes(clips, fold.watched)


@given(corpora(("A",)), st.integers(2, 4))
def test_participant_folds_measure_every_clip_once_and_divide_no_take(
    clips: list[Clip], count: int
) -> None:
    found = folds.participant_folds(clips, count)
    assert len(found) == count
    measured = [index for fold in found for index in fold.measured]
    assert sorted(measured) == list(range(len(clips)))
    for fold in found:
        assert_apart(clips, fold)
        there = [takes(clips, side) for side in (fold.taught, fold.watched, fold.measured)]
        assert sum(map(len, there)) == len(set().union(*there))


@given(st.permutations(corpus("A", 9)))
def test_folds_do_not_depend_on_the_order_of_the_clips(clips: list[Clip]) -> None:
    def names(clips: list[Clip]) -> list[list[set[str]]]:
        return [
            [{clips[index].name for index in side} for side in (f.taught, f.watched, f.measured)]
            for f in folds.participant_folds(clips, 5)
        ]

    assert names(clips) == names(corpus("A", 9))


def test_ravdess_with_all_its_takes_has_five_folds_of_nearly_equal_size() -> None:
    clips = [
        clip("RAVDESS", number * 2 + version, f"Actor_{actor:02}", take=f"{actor}-{number}")
        for version in range(2)
        for actor in range(24)
        for number in range(actor * 100, actor * 100 + 50)
    ]
    found = folds.folds_of(clips)
    assert [fold.name for fold in found] == [f"participants {n} of 5" for n in range(1, 6)]
    assert sorted(len(fold.measured) for fold in found) == [400, 500, 500, 500, 500]
    for fold in found:
        assert not takes(clips, fold.measured) & takes(clips, fold.taught)


def test_savee_has_four_folds_one_for_each_speaker() -> None:
    clips = corpus("SAVEE", 4)
    found = folds.folds_of(clips)
    assert len(found) == 4
    for fold in found:
        assert [len(side) for side in sides(clips, fold)] == [2, 1, 1]


def test_sessions_are_left_out_one_at_a_time() -> None:
    clips = [
        clip("IEMOCAP", n, f"Ses0{1 + n % 5}{'FM'[n // 5 % 2]}", session=f"Session{1 + n % 5}")
        for n in range(40)
    ]
    found = folds.folds_of(clips)
    assert [fold.name for fold in found] == [f"session {n}" for n in range(1, 6)]
    for fold in found:
        assert_apart(clips, fold)
        assert {clips[index].session for index in fold.measured} == {f"Session{fold.name[-1]}"}


def test_sessions_that_share_a_participant_are_left_out_together() -> None:
    people = {"1": "ab", "2": "bc", "3": "de", "4": "fg"}
    clips = [
        clip("RAMAS", n, person, session=session)
        for n, (session, person) in enumerate(
            (session, person) for session, pair in people.items() for person in pair
        )
    ]
    found = folds.folds_of(clips)
    assert [fold.name for fold in found] == ["sessions 1, 2", "session 3", "session 4"]
    for fold in found:
        assert_apart(clips, fold)


def test_affwild2_measures_its_development_part_and_watches_some_of_its_training_part() -> None:
    clips = [
        clip("AffWild2", n, f"video{n}", split="development" if n % 4 == 0 else "train")
        for n in range(40)
    ]
    (fold,) = folds.folds_of(clips)
    assert fold.name == "official"
    assert {clips[index].split for index in fold.measured} == {"development"}
    assert {clips[index].split for index in (*fold.taught, *fold.watched)} == {"train"}
    assert len(fold.measured) == 10
    assert_apart(clips, fold)


def test_of_a_corpus_left_out_the_official_part_alone_can_be_measured() -> None:
    splits = ("train", "train", "development")
    clips = [clip("AffWild2", n, f"v{n}", split=splits[n % 3]) for n in range(9)]
    clips += corpus("SAVEE", 4)
    whole = folds.leave_one_corpus_out(clips)
    official = folds.leave_one_corpus_out(clips, "official")
    assert [len(fold.measured) for fold in whole] == [9, 16]
    assert [len(fold.measured) for fold in official] == [3, 16]
    assert {clips[index].split for index in official[0].measured} == {"development"}
    assert [fold.taught for fold in official] == [fold.taught for fold in whole]


def test_an_official_development_part_is_watched_where_there_is_a_test_part() -> None:
    splits = ("train", "train", "development", "test")
    clips = [clip("mine", n, f"p{n}", split=splits[n % 4]) for n in range(8)]
    clips.append(clip("mine", 8, "in no part"))
    (fold,) = folds.folds_of(clips)
    assert [len(side) for side in (fold.taught, fold.watched, fold.measured)] == [4, 2, 2]
    assert {clips[index].split for index in fold.watched} == {"development"}


def test_a_corpus_that_a_link_gives_a_second_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "v.mp4").touch()
    (tmp_path / "B").symlink_to("A")
    clips = [Clip(name, "v", tmp_path / name / "v.mp4", 0, "p") for name in "AB"]
    with pytest.raises(UsageError, match="as A and as B"):
        folds.each_corpus(clips)


@given(corpora(("A", "B")), st.sampled_from(["whole", "official"]))
def test_what_learns_nothing_is_measured_on_the_same_and_nobody_is_taught(
    clips: list[Clip], part: folds.Part
) -> None:
    found = folds.each_corpus(clips, part)
    taught = folds.leave_one_corpus_out(clips, part)
    assert [(f.name, f.measured) for f in found] == [(f.name, f.measured) for f in taught]
    assert not any(f.taught or f.watched for f in found)


def test_one_corpus_of_one_participant_can_be_measured() -> None:
    (fold,) = folds.each_corpus(corpus("A", 1))
    assert fold == Fold("A", (), (), (0, 1, 2, 3))


def test_a_corpus_with_few_participants_has_fewer_folds() -> None:
    assert len(folds.folds_of(corpus("CREMA-D", 3))) == 3


def test_one_participant_in_two_corpora_is_named_with_both() -> None:
    clips = [*corpus("A", 2), *corpus("B", 3)]
    assert folds.in_two_corpora(clips) == {"p0": ("A", "B"), "p1": ("A", "B")}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: folds.leave_one_corpus_out(corpus("A", 3)), "there is A alone"),
        (
            lambda: folds.leave_one_corpus_out([*corpus("A", 3), *corpus("A", 3)]),
            "A is given twice",
        ),
        (
            lambda: folds.leave_one_corpus_out(
                [*corpus("A", 3), *(Clip("B", c.name, c.video, 0, "x") for c in corpus("A", 3))]
            ),
            "as A and as B",
        ),
        (
            lambda: folds.leave_one_corpus_out([*corpus("A", 3), *by_another_path(corpus("A", 3))]),
            "as A and as B",
        ),
        (
            lambda: folds.leave_one_corpus_out([*corpus("A", 1), *corpus("B", 3)]),
            "A has one participant to teach",
        ),
        (lambda: folds.folds_of(corpus("SAVEE", 1)), "SAVEE has 1 participants"),
        (lambda: folds.folds_of(corpus("SAVEE", 2)), "SAVEE has 2 participants"),
        (lambda: folds.participant_folds(corpus("A", 4), 5), "too few for 5 folds"),
        (lambda: folds.folds_of(corpus("IEMOCAP", 3)), "Nobody knows the session of"),
        (
            lambda: folds.folds_of([clip("RAMAS", n, "p", session=f"{n}") for n in range(4)]),
            "RAMAS cannot be divided by sessions",
        ),
        (
            lambda: folds.folds_of([clip("AffWild2", n, f"p{n}", split="train") for n in range(4)]),
            "others to test on; found train",
        ),
        (
            lambda: folds.official(
                [clip("mine", n, f"p{n % 2}", split="train" if n < 3 else "test") for n in range(4)]
            ),
            "on two sides: p1",
        ),
    ],
)
def test_a_division_that_cannot_be_is_refused_in_words(make, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()
