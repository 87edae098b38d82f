"""The folds of the paper's protocols: indices of clips that are taught, watched and measured.

Nobody is on two sides of a fold, and no take is divided. Early stopping watches participants taken
out of the taught side, never of the measured one. A fold follows from the names of corpora,
participants and takes alone: not from chance, nor from the order of the clips.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from streamfer.errors import UsageError
from trainers.corpora.samples import Clip

WATCHED = 8
"""Of so many groups of participants on the taught side, one is watched."""

COUNTS = {"SAVEE": 4}
COUNT = 5
"""How many participant-independent folds a corpus has, if it has the participants (section 4.3)."""

BY_SESSION = frozenset({"RAMAS", "IEMOCAP"})
"""Corpora of which one session is left out at a time (section 4.3)."""

Part = Literal["whole", "official"]

Person = tuple[str, str]
"""Corpus and participant."""


@dataclass(frozen=True)
class Fold:
    """Indices of clips, ascending; none is on two sides. `name` says what was left out."""

    name: str
    taught: tuple[int, ...]
    watched: tuple[int, ...]
    measured: tuple[int, ...]


def each_corpus(clips: Sequence[Clip], part: Part = "whole") -> list[Fold]:
    """A fold for each corpus among `clips`, which is measured; nobody teaches or is watched.

    It is all that methods need which learn nothing. With the `part` "official" a corpus that has
    an official division is measured on what that is tested on, and the rest of it is on no side.

    Raises:
        UsageError: A corpus is given twice.
    """
    _require_once(clips)
    found = []
    for name in sorted({clip.corpus for clip in clips}):
        measured = tuple(index for index, clip in enumerate(clips) if clip.corpus == name)
        found.append(Fold(name, (), (), measured if part == "whole" else _tested(clips, measured)))
    return found


def leave_one_corpus_out(clips: Sequence[Clip], part: Part = "whole") -> list[Fold]:
    """A fold for each corpus among `clips`: it is measured, as `part` says, and all others teach.

    Raises:
        UsageError: There is one corpus only, one is given twice, or too few teach.
    """
    found = each_corpus(clips, part)
    if len(found) < 2:
        raise UsageError(f"To leave one corpus out takes two; there is {found[0].name} alone.")
    folds = []
    for fold in found:
        others = [index for index, clip in enumerate(clips) if clip.corpus != fold.name]
        folds.append(Fold(fold.name, *watched_apart(clips, others), fold.measured))
    return folds


def folds_of(clips: Sequence[Clip]) -> list[Fold]:
    """The folds within one corpus: its official ones, by session, or by participants.

    A corpus that the paper does not have is divided officially if it has an official division. By
    participants there are `COUNT` folds, or one for each group of them if those are fewer.

    Raises:
        UsageError: There are too few participants or sessions.
    """
    corpus = clips[0].corpus
    if any(clip.split for clip in clips):
        return [official(clips)]
    if corpus in BY_SESSION:
        return session_folds(clips)
    groups = len(set(_groups(clips, _nothing)))
    return participant_folds(clips, min(COUNTS.get(corpus, COUNT), groups))


def participant_folds(clips: Sequence[Clip], count: int) -> list[Fold]:
    """`count` folds that measure about as many clips each; every clip is measured once.

    Raises:
        UsageError: There are fewer groups of participants than that, or than three.
    """
    _require_once(clips)
    group = _groups(clips, _nothing)
    sizes = Counter(group)
    if len(sizes) < max(3, count):
        raise UsageError(
            f"{_named({clip.corpus for clip in clips})} has {len(sizes)} participants (who share "
            f"takes count as one), too few for {count} folds in which some teach, others are "
            "watched and others are measured."
        )
    clips_of = [0] * count
    fold_of = {}
    for person, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        fold_of[person] = clips_of.index(min(clips_of))
        clips_of[fold_of[person]] += size
    return [
        _fold(
            f"participants {fold + 1} of {count}", clips, [fold_of[name] == fold for name in group]
        )
        for fold in range(count)
    ]


def session_folds(clips: Sequence[Clip]) -> list[Fold]:
    """A fold for each session, or for each group of sessions that share a participant.

    Raises:
        UsageError: There are not two such groups, or too few participants teach.
    """
    _require_once(clips)
    if unknown := [clip.name for clip in clips if not clip.session]:
        raise UsageError(f"Nobody knows the session of {_named(unknown)}.")
    group = _groups(clips, lambda clip: clip.session)
    sessions = defaultdict(set)
    for clip, name in zip(clips, group, strict=True):
        sessions[name].add(clip.session)
    if len(sessions) < 2:
        raise UsageError(
            f"{_named({clip.corpus for clip in clips})} cannot be divided by sessions: there is "
            "one only, or the same participants are in all of them."
        )
    return [
        _fold(
            f"session{'s' * (len(names) > 1)} " + ", ".join(names).replace("Session", ""),
            clips,
            [clip.session in names for clip in clips],
        )
        for names in sorted(map(sorted, sessions.values()))
    ]


def official(clips: Sequence[Clip]) -> Fold:
    """The official division: the test part is measured, or the development part if there is none.

    If there are both, the development part is watched. A clip that is in no part is on no side.

    Raises:
        UsageError: A part is empty, or somebody is in two of them.
    """
    _require_once(clips)
    parts = {clip.split for clip in clips}
    measured = _tested(clips, range(len(clips)))
    if "train" not in parts or len(measured) == len(clips):
        raise UsageError(
            f"The official division of {_named({clip.corpus for clip in clips})} needs clips to "
            f"train on and others to test on; found {_named(part or 'none' for part in parts)}."
        )
    of_parts = defaultdict(set)
    for clip, (_, person) in zip(clips, _groups(clips, _nothing), strict=True):
        of_parts[person].add(clip.split)
    if divided := [person for person, found in of_parts.items() if len(found) > 1]:
        raise UsageError(
            f"The official division has the same participants on two sides: {_named(divided)}."
        )
    train, development = (
        [index for index, clip in enumerate(clips) if clip.split == part]
        for part in ("train", "development")
    )
    if "test" in parts and development:
        return Fold("official", tuple(train), tuple(development), measured)
    return Fold("official", *watched_apart(clips, train), measured)


def in_two_corpora(clips: Sequence[Clip]) -> dict[str, tuple[str, ...]]:
    """Names of participants that occur in more than one corpus, and in which.

    It may be one person, who would then be taught and measured when a corpus is left out; or only
    the same number, given twice. Nobody but the user can tell.
    """
    found = defaultdict(set)
    for clip in clips:
        found[clip.participant].add(clip.corpus)
    return {name: tuple(sorted(found[name])) for name in sorted(found) if len(found[name]) > 1}


def watched_apart(
    clips: Sequence[Clip], among: Iterable[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide the clips `among` into those taught and those watched: one group in `WATCHED`.

    Of every corpus with more than one group some are watched.

    Raises:
        UsageError: All are of one participant.
    """
    indices = sorted(among)
    group = dict(zip(indices, _groups([clips[i] for i in indices], _nothing), strict=True))
    of_corpora = defaultdict(set)
    for index in indices:
        of_corpora[clips[index].corpus].add(group[index])
    watched: set[Person] = set()
    for groups in of_corpora.values():
        drawn = sorted(groups, key=lambda person: sha256("\0".join(person).encode()).digest())
        watched.update(drawn[: -(-len(drawn) // WATCHED)] if len(drawn) > 1 else ())
    if not watched:
        raise UsageError(
            f"{_named({clips[i].corpus for i in indices})} has one participant to teach, and "
            "nobody else to watch for early stopping: at least two are needed."
        )
    return (
        tuple(index for index in indices if group[index] not in watched),
        tuple(index for index in indices if group[index] in watched),
    )


def _fold(name: str, clips: Sequence[Clip], is_measured: Sequence[bool]) -> Fold:
    measured = tuple(index for index in range(len(clips)) if is_measured[index])
    others = [index for index in range(len(clips)) if not is_measured[index]]
    return Fold(name, *watched_apart(clips, others), measured)


def _tested(clips: Sequence[Clip], corpus: Iterable[int]) -> tuple[int, ...]:
    """What the official division of a corpus is tested on: all of it, if it has none."""
    indices = tuple(corpus)
    parts = {clips[index].split for index in indices}
    tested = next((part for part in ("test", "development") if part in parts), None)
    return tuple(index for index in indices if tested in (None, clips[index].split))


def _nothing(_: Clip) -> str:
    return ""


def _groups(clips: Sequence[Clip], also: Callable[[Clip], str]) -> list[Person]:
    """For each clip the first of all participants whom takes, or what `also` says, connect."""
    parent: dict[Person, Person] = {}

    def first(person: Person) -> Person:
        while parent.setdefault(person, person) != person:
            person = parent[person]
        return person

    met: dict[tuple[str, str, str], Person] = {}
    for clip in clips:
        person = (clip.corpus, clip.participant)
        for kind, shared in (("take", clip.take), ("also", also(clip))):
            other = met.setdefault((clip.corpus, kind, shared), person) if shared else person
            one, two = sorted((first(person), first(other)))
            parent[two] = one
    return [first((clip.corpus, clip.participant)) for clip in clips]


def _require_once(clips: Sequence[Clip]) -> None:
    """Refuse a corpus that is given twice: under its own name, or by whatever path as another."""
    real_path = {video: os.path.realpath(video) for video in {clip.video for clip in clips}}
    names: set[tuple[str, str]] = set()
    corpus_of: dict[str, str] = {}
    for clip in clips:
        if (clip.corpus, clip.name) in names:
            raise UsageError(f"{clip.corpus} is given twice: {clip.name} is there two times.")
        names.add((clip.corpus, clip.name))
        other = corpus_of.setdefault(real_path[clip.video], clip.corpus)
        if other != clip.corpus:
            raise UsageError(
                f"A corpus is given twice, as {other} and as {clip.corpus}: {clip.video} is in "
                "both."
            )


def _named(names: Iterable[str]) -> str:
    listed = sorted(names)
    shown = ", ".join(listed[:5])
    return f"{shown} and {len(listed) - 5} more" if len(listed) > 5 else shown
