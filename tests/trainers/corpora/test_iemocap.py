import pytest

from streamfer.emotion.labels import EMOTIONS
from tests.trainers.corpora.trees import plant
from trainers.corpora import files, iemocap
from trainers.corpora.samples import Omission, Seconds
from trainers.corpora.votes import CONTRADICTING, too_few

HEAD = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


def turn(name, *named, start=1.0, end=2.5, own="Anger"):
    """A block as in the release: three outside raters or so, and the actor."""
    speaker = name.rpartition("_")[2][0]
    votes = [f"C-E{k + 2}:\t{said};\t()" for k, said in enumerate(named)]
    attributes = "A-E3:\tval 3; act 2; dom  2;\t(mildly aggravated; staying polite)"
    head = f"[{start:.4f} - {end:.4f}]\t{name}\tneu\t[2.5000, 2.5000, 2.5000]"
    return "\n".join([head, *votes, f"C-{speaker}1:\t{own};\t(curious)", attributes, "", ""])


def session(tmp_path, *turns, dialogue="Ses01F_impro01"):
    number = dialogue[4]
    return plant(
        tmp_path,
        [
            f"Session{number}/dialog/avi/DivX/{dialogue}.avi",
            f"Session{number}/dialog/avi/DivX/._{dialogue}.avi",
        ],
        {
            f"Session{number}/dialog/EmoEvaluation/{dialogue}.txt": HEAD + "".join(turns),
            f"Session{number}/dialog/EmoEvaluation/Categorical/{dialogue}_e2_cat.txt": turns[0],
        },
    )


def test_a_turn_is_read(tmp_path):
    text = turn("Ses01F_impro01_F000", "Neutral", "Neutral", "Frustration", start=6.2901, end=8.2)
    (clip,) = iemocap.read(session(tmp_path, text)).samples
    assert (clip.name, EMOTIONS[clip.label]) == ("Ses01F_impro01_F000", "neutral")
    assert clip.span == Seconds(6.2901, 8.2)
    assert clip.confidence == 2 / 3  # the actor's own word is not counted
    assert (clip.participant, clip.session) == ("Ses01F", "Session1")
    assert clip.video.name == "Ses01F_impro01.avi"


def test_the_speaker_with_the_markers_is_on_the_left(tmp_path):
    turns = [turn(f"Ses03M_script01_1_{who}003", *["Sadness"] * 3) for who in "FM"]
    woman, man = iemocap.read(session(tmp_path, *turns, dialogue="Ses03M_script01_1")).samples
    assert (woman.participant, woman.region) == ("Ses03F", (0.5, 0.0, 1.0, 1.0))
    assert (man.participant, man.region) == ("Ses03M", (0.0, 0.0, 0.5, 1.0))


def test_raters_may_name_several_emotions(tmp_path):
    text = turn("Ses01F_impro01_F000", "Anger; Frustration", "Anger; Frustration", "Frustration")
    (clip,) = iemocap.read(session(tmp_path, text)).samples
    assert (EMOTIONS[clip.label], clip.confidence) == ("anger", 2 / 3)


def test_votes_that_decide_nothing_are_counted_by_reason(tmp_path):
    reading = iemocap.read(
        session(
            tmp_path,
            turn("Ses01F_impro01_F000", "Neutral", "Anger", "Sadness"),
            turn("Ses01F_impro01_F001", "Excited", "Excited", "Happiness"),
            turn("Ses01F_impro01_F002", "Anger; Disgust", "Disgust; Anger", "Other"),
            turn("Ses01F_impro01_F003"),
            turn("Ses01F_impro01_F004", "Fear", "Fear", "Fear"),
            turn("Ses01F_impro01_F004", "Fear", "Fear", "Fear"),
        )
    )
    assert [clip.name for clip in reading.samples] == ["Ses01F_impro01_F004"]
    assert {left.name[-4:]: left.reason for left in reading.omitted} == {
        "F000": too_few(0.6),
        "F001": files.NOT_OF_THE_SEVEN,
        "F002": CONTRADICTING,
        "F003": iemocap.NO_VOTES,
        "F004": files.TWICE,
    }


def test_missing_videos_and_sessions_are_told(tmp_path):
    root = session(tmp_path, turn("Ses01F_impro01_F000", "Neutral"))
    (root / "Session1/dialog/avi/DivX/Ses01F_impro01.avi").unlink()
    reading = iemocap.read(root)
    assert reading.reasons() == {files.MISSING: 1}
    assert iemocap.missing(reading) == [f"Session{k}: no turns" for k in (2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[1.0000 -", "[1.0.0 -", files.NO_NUMBER),
        ("[1.0000 -", "[9.0000 -", files.EMPTY_SPAN),
        ("Ses01F_impro01_F001", "F001", iemocap.NO_TURN),
    ],
)
def test_a_bad_line_costs_its_turn_alone(tmp_path, old, new, reason):
    turns = [turn(f"Ses01F_impro01_F00{k}", *["Sadness"] * (3 - k)) for k in range(3)]
    reading = iemocap.read(session(tmp_path, turns[0], turns[1].replace(old, new), turns[2]))
    assert [(clip.name[-4:], clip.confidence) for clip in reading.samples] == [
        ("F000", 1),
        ("F002", 1),
    ]
    assert reading.omitted == (Omission(reason, "Ses01F_impro01, line 10"),)
