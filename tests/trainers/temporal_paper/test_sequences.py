"""The faces of clips, out of videos that streamfer analyses: what is taken, and what is told."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamfer.config import Analysis, Execution
from streamfer.errors import UsageError
from streamfer.store.read import read
from tests.trainers.temporal_paper.filmed import film
from trainers.corpora.samples import Clip, Pictures, Seconds
from trainers.temporal.paper import sequences as module
from trainers.temporal.paper.embeddings import embed
from trainers.temporal.paper.sequences import Sequences, join, sequences

# Somebody who leaves the picture is no cut.
ANALYSIS = Analysis(cut_distance=1)
LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    film(folder / "a" / "one.mp4", [(2.4, True, False)])
    film(folder / "b" / "one.mp4", [(1.2, True, True), (2.8, False, True)])
    film(folder / "nobody.mp4", [(1.0, False, False)])
    (folder / "broken.mp4").write_bytes(b"no video at all")
    return folder


@pytest.fixture(scope="module")
def clips(corpus: Path) -> list[Clip]:
    def clip(name: str, video: str, **further: object) -> Clip:
        return Clip("mine", name, corpus / video, 3, "somebody", **further)  # type: ignore[arg-type]

    two = "b/one.mp4"
    return [
        clip("whole", "a/one.mp4"),
        clip("longest of two", two),
        clip("left", two, region=LEFT),
        clip("right", two, region=RIGHT),
        clip("a second", two, region=RIGHT, span=Seconds(1.0, 2.0)),
        clip("pictures", two, region=RIGHT, span=Pictures(10, 45)),
        clip("left already", two, region=LEFT, span=Seconds(2.0, 3.0)),
        clip("too late", two, span=Seconds(4.5, 5.0)),
        clip("too many", two, span=Pictures(70, 80)),
        clip("nobody", "nobody.mp4"),
        clip("broken", "broken.mp4"),
        clip("gone", "gone.mp4"),
    ]


@pytest.fixture(scope="module")
def timelines(clips: list[Clip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embed("mine", clips, tmp_path_factory.mktemp("run"), ANALYSIS, Execution(workers=1))


@pytest.fixture(scope="module")
def found(clips: list[Clip], timelines: Path) -> Sequences:
    return sequences(clips, timelines)


def ticks(found: Sequences, name: str, *, own: bool = True) -> list[int]:
    number = [clip.name for clip in found.clips].index(name)
    rows = (found.faces.track == number) & (found.own if own else True)
    return found.faces.tick[rows].tolist()


def test_clips_have_the_ticks_in_which_their_face_is_seen(found: Sequences) -> None:
    # The last picture, at 2.38 s, is the nearest to tick 12.
    assert ticks(found, "whole") == list(range(13))
    assert ticks(found, "left") == list(range(6))
    assert ticks(found, "right") == list(range(21))
    assert ticks(found, "longest of two") == list(range(21))
    # From 1 s before 2 s: ticks 5 to 9, counted from the clip's start.
    assert ticks(found, "a second") == list(range(5))


def test_pictures_are_counted_in_the_video_and_not_by_its_rate(found: Sequences) -> None:
    # Picture 10 is shown at 1.0 s, picture 20 at 2.0 s; from there 25 a second: 45 is at 3.0 s.
    assert ticks(found, "pictures") == list(range(5, 15))
    assert ticks(found, "pictures", own=False) == list(range(21))


def test_what_cannot_be_used_is_told_with_the_reason(found: Sequences) -> None:
    assert {omission.name: omission.reason for omission in found.omitted} == {
        "left already": module.NO_FACE,
        "too late": module.TOO_LATE,
        "too many": module.TOO_LATE,
        "nobody": module.NO_FACE,
        "broken": "This is not a video: FFmpeg recognises no container in it.",
        "gone": "There is no such file or folder.",
    }
    assert [(remark.name, remark.reason) for remark in found.remarks] == [
        ("longest of two", module.SEVERAL_FACES)
    ]


def test_embeddings_are_those_of_the_run(found: Sequences, timelines: Path) -> None:
    kept = read(timelines, "embeddings").to_pandas()
    kept = kept[kept.video == "b/one.mp4"].set_index(["track_id", "tick"])
    frames = read(timelines, "frames").to_pandas()
    frames = frames[frames.video == "b/one.mp4"].set_index(["track_id", "tick"])
    on_the_right = frames[frames.face_x > 0.5].index
    number = [clip.name for clip in found.clips].index("right")
    rows = found.faces.track == number
    assert (found.faces.embeddings[rows] == np.stack(kept.loc[on_the_right].vector)).all()
    neutral = frames.loc[on_the_right].p_neutral
    assert (found.faces.probabilities[rows, 0] == neutral).all()


def test_a_corpus_that_is_analysed_is_not_analysed_again(
    clips: list[Clip], timelines: Path
) -> None:
    before = timelines.stat().st_mtime_ns
    told: list[str] = []
    # How windows would be read is no concern of the embeddings.
    other = replace(ANALYSIS, temporal="cnn-s", smoothing="71 frames", smoothing_edge="track")
    again = embed("mine", clips, timelines.parent, other, Execution(workers=1), told.append)
    assert again == timelines
    assert timelines.stat().st_mtime_ns == before
    assert told == []


def test_a_moved_corpus_is_found_by_the_names_below_its_folder(
    clips: list[Clip], timelines: Path, corpus: Path, tmp_path: Path, found: Sequences
) -> None:
    moved = tmp_path / "elsewhere"
    moved.symlink_to(corpus)
    there = [replace(clip, video=moved / clip.video.relative_to(corpus)) for clip in clips]
    again = sequences(there, timelines)
    assert (again.faces.embeddings == found.faces.embeddings).all()
    assert [left.name for left in again.omitted] == [left.name for left in found.omitted]


def test_a_video_that_is_gone_since_costs_its_clips_if_one_is_a_part_of_it(
    clips: list[Clip], timelines: Path, corpus: Path, tmp_path: Path, found: Sequences
) -> None:
    there = [replace(clip, video=tmp_path / clip.video.relative_to(corpus)) for clip in clips]
    again = sequences(there, timelines)
    left = {omission.name: omission.reason for omission in again.omitted}
    spanned = {clip.name for clip in clips if clip.video.parent.name == "b"}
    assert left == {omission.name: omission.reason for omission in found.omitted} | dict.fromkeys(
        spanned, "There is no such file."
    ) | {"gone": module.NOT_ANALYSED}
    assert [clip.name for clip in again.clips] == ["whole"]


def test_a_corpus_without_any_face_is_refused(clips: list[Clip], timelines: Path) -> None:
    with pytest.raises(UsageError, match=r"None of the 2 clips .* no face is seen in it"):
        sequences([clip for clip in clips if clip.name in {"nobody", "left already"}], timelines)


def test_corpora_are_joined_one_after_the_other(found: Sequences) -> None:
    both = join([found, found])
    assert len(both.clips) == 2 * len(found.clips)
    assert np.bincount(both.faces.track).tolist() == 2 * np.bincount(found.faces.track).tolist()
    assert Counter(both.omitted) == Counter(2 * found.omitted)
    with pytest.raises(UsageError, match="different backbones"):
        join([found, replace(found, backbone_sha256="another")])
