from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from tests.trainers.corpora.trees import plant
from trainers.corpora import files, ramas
from trainers.corpora.ramas import Mark, Recording, stretches
from trainers.corpora.samples import Omission, Seconds
from trainers.corpora.votes import CONTRADICTING, Elected, too_few

COLUMNS = "Time,Angry,Sad,Disgusted,Happy,Scared,Surprised,Neutral,Shame,Domination,ID\n"
VIDEO = "Data/Video_close/10dec_O11_1_close.mp4"


def by_files(*rows):
    """`rows`: expert, then the column that is 1 at each second, "" for none."""
    names = COLUMNS.strip().split(",")[1:-1]
    lines = [
        ",".join([str(second), *("1" if name == marked else "0" for name in names), expert])
        for expert, *seconds in rows
        for second, marked in enumerate(seconds)
    ]
    return {"Annotations_by_files/10dec_O11_1_ann.csv": COLUMNS + "\n".join(lines) + "\n"}


def by_emotions(delimiter, **rows):
    """`rows` of each expression: expert, start, end."""
    head = delimiter.join(["ID", "File", "Start", "End"])
    return {
        f"Annotations_by_emotions/data_{name}.csv": "\n".join(
            [head, *(delimiter.join([who, "10dec_O11_1", a, b]) for who, a, b in intervals)]
        )
        for name, intervals in rows.items()
    }


FIVE = (
    ("1", "", "Happy", "Happy", "Happy", "Sad"),
    ("2", "", "Happy", "Happy", "", "Sad"),
    ("3", "Angry", "Happy", "Happy", "", "Sad"),
    ("4", "", "Shame", "Happy", "", "Sad"),
    ("5", "", "", "", "", "Sad"),
)


def told(reading):
    return [(EMOTIONS[clip.label], clip.span, clip.confidence) for clip in reading.samples]


def test_a_clip_is_a_time_on_which_enough_experts_agree(tmp_path):
    reading = ramas.read(plant(tmp_path, [VIDEO], by_files(*FIVE)))
    assert told(reading) == [
        ("happiness", Seconds(1, 3), pytest.approx(0.7)),  # three of five, then four
        ("sadness", Seconds(4, 5), 1),
    ]
    assert reading.reasons() == {too_few(0.6): 2}  # anger at first, one who is happy for longer
    clip = reading.samples[0]
    assert (clip.session, clip.take) == ("10dec", "10dec_O11_1")
    assert clip.video.name == "10dec_O11_1_close.mp4"


def test_agreement_is_a_setting(tmp_path):
    root = plant(tmp_path, [VIDEO], by_files(*FIVE))
    assert told(ramas.read(root, 0.75)) == [
        ("happiness", Seconds(2, 3), 0.8),
        ("sadness", Seconds(4, 5), 1),
    ]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_intervals_by_emotions_give_the_same(tmp_path, delimiter):
    marks = by_emotions(
        delimiter,
        Happy=[("1", "1", "4"), ("2", "1.0", "3"), ("3", "1", "3"), ("4", "2", "3")],
        Sad=[(str(expert), "4", "5") for expert in range(1, 6)],
        Angry=[("3", "0", "1")],
    )
    reading = ramas.read(plant(tmp_path, [VIDEO, "Data/Video_web/10dec_O11_1.mp4"], marks))
    assert [row[:2] for row in told(reading)] == [
        ("happiness", Seconds(1, 3)),
        ("sadness", Seconds(4, 5)),
    ]
    assert "Video_close" in reading.samples[0].video.parts


def test_experts_who_agree_on_two_expressions_agree_on_none(tmp_path):
    marks = by_emotions(
        ",",
        Happy=[(who, "0", "2") for who in "12"],
        Surprised=[(who, "1", "2") for who in "12"],
        Scared=[(who, "3", "3.1") for who in "12"],
    )
    reading = ramas.read(plant(tmp_path, [VIDEO], marks))
    assert told(reading) == [("happiness", Seconds(0, 1), 1)]
    assert reading.reasons() == {CONTRADICTING: 1, ramas.TOO_SHORT: 1}


def test_a_recording_without_video_is_counted(tmp_path):
    videos = ["Data/Video_close/10dec_O11_10.mp4", "Data/Video_close/other.mp4"]
    reading = ramas.read(plant(tmp_path, videos, by_files(*FIVE)))
    assert reading.samples == ()
    assert reading.reasons() == {files.MISSING: 1}


@pytest.mark.parametrize(
    ("names", "texts", "told"),
    [
        ([], by_files(*FIVE), "Video_close"),
        ([VIDEO], {}, "Annotations_by_files"),
        ([VIDEO], {"Annotations_by_files/a_ann.csv": "Time,Angry\n"}, "no column 'ID'"),
    ],
)
def test_what_is_missing_is_said(tmp_path, names, texts, told):
    with pytest.raises(InputError, match=told):
        ramas.read(plant(tmp_path, names, texts))


def test_a_bad_row_costs_itself_alone(tmp_path):
    bad = [("1", "soon", "2"), ("1", "3", "2"), ("1", "", "2")]
    marks = by_emotions(",", Sad=[("1", "0", "2"), *bad])
    reading = ramas.read(plant(tmp_path / "a", [VIDEO], marks))
    assert told(reading) == [("sadness", Seconds(0, 2), 1)]
    assert reading.omitted == (
        Omission(files.NO_NUMBER, "data_Sad.csv, line 3"),
        Omission(files.EMPTY_SPAN, "data_Sad.csv, line 4"),
        Omission(files.NO_NUMBER, "data_Sad.csv, line 5"),
    )
    texts = by_files(("1", "Sad", "Sad", ""), ("2", "Sad", "Sad"))
    texts = {name: text + "2,0,often,0,0,0,0,0,0,0,2\n" for name, text in texts.items()}
    reading = ramas.read(plant(tmp_path / "b", [VIDEO], texts))
    assert told(reading) == [("sadness", Seconds(0, 2), 1)]
    assert reading.omitted == (Omission(files.NO_NUMBER, "10dec_O11_1_ann.csv, line 7"),)


MARKS = st.lists(
    st.builds(
        lambda expert, expression, start, length: Mark(expert, expression, start, start + length),
        st.sampled_from("12345"),
        st.sampled_from([*EMOTIONS[:4]]),
        st.integers(0, 20),
        st.integers(1, 10),
    ),
    max_size=25,
)


@given(MARKS, st.sampled_from([0.4, 0.6, 0.8]))
def test_at_every_moment_the_stretch_says_what_the_experts_said(marks, agreement):
    recording = Recording(set("12345"), marks)
    found = stretches(recording, agreement)
    for half_second in range(1, 62, 2):
        moment = half_second / 2
        said = {(m.expert, m.expression) for m in marks if m.start < moment < m.end}
        votes = Counter(expression for _, expression in said).most_common()
        here = [stretch for stretch in found if stretch.start < moment < stretch.end]
        assert len(here) == bool(said)
        if not said:
            continue
        enough = votes[0][1] / 5 >= agreement
        alone = len(votes) == 1 or votes[1][1] < votes[0][1]
        if enough and alone:
            assert isinstance(here[0].found, Elected)
            assert EMOTIONS[here[0].found.label] == votes[0][0]
            assert here[0].found.share >= agreement - 1e-9
        else:
            assert here[0].found == (CONTRADICTING if enough else too_few(agreement))
