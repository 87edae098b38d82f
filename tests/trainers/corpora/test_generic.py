import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from tests.trainers.corpora.trees import plant
from trainers.corpora import files, generic
from trainers.corpora.samples import WHOLE, Pictures, Seconds
from trainers.corpora.votes import too_few


def clips(tmp_path, text, names=("a.mp4", "b/c.mkv")):
    return plant(tmp_path, names, {"clips.csv": text})


def test_three_columns_are_enough(tmp_path):
    root = clips(tmp_path, "video,label,participant\na.mp4,fear,ann\nb/c.mkv,neutral,bob\n")
    first, second = generic.read("mine", root).samples
    assert (first.corpus, first.name, first.video) == ("mine", "a.mp4", root / "a.mp4")
    assert (EMOTIONS[first.label], first.participant) == ("fear", "ann")
    assert (first.span, first.region, first.confidence, first.split) == (None, WHOLE, 1, "")
    assert second.name == "b/c.mkv"


def test_every_column_is_read(tmp_path):
    columns = (
        "name,video,label,participant,session,take,start_s,end_s,first,end,left,top,right,bottom,"
        "confidence,split"
    )
    rows = [
        "one,a.mp4,anger,ann,s1,t1,0.5,2,,,0,0.25,0.5,1,0.75,train",
        ",a.mp4,anger,ann,,,,,30,60,,,,,,test",
    ]
    second, first = generic.read("mine", clips(tmp_path, "\n".join([columns, *rows]))).samples
    assert (first.name, first.session, first.take) == ("one", "s1", "t1")
    assert first.span == Seconds(0.5, 2)
    assert first.region == (0, 0.25, 0.5, 1)
    assert (first.confidence, first.split) == (0.75, "train")
    assert (second.name, second.span, second.split) == ("a.mp4@30", Pictures(30, 60), "test")


def test_what_is_not_taken_is_counted(tmp_path):
    text = (
        "video,label,participant,confidence\na.mp4,fear,ann,1\na.mp4,fear,ann,1\n"
        "b/c.mkv,joy,bob,1\nabsent.mp4,fear,bob,1\nb/c.mkv,fear,bob,0.5\n"
    )
    root = clips(tmp_path, text)
    reading = generic.read("mine", root)
    assert [clip.name for clip in reading.samples] == ["a.mp4"]
    assert reading.reasons() == {
        files.TWICE: 1,
        files.NOT_OF_THE_SEVEN: 1,
        files.MISSING: 1,
        too_few(0.6): 1,
    }
    assert generic.read("mine", root, 0.5).counts() == (0, 0, 0, 0, 2, 0, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("video,label\na.mp4,fear\n", r"clips\.csv has no column participant"),
        ("video,label,participant\na.mp4,fear,\n", "line 2: the participant is needed"),
        ("video,label,participant,start_s\na.mp4,fear,ann,1\n", "line 2: a span needs"),
        ("video,label,participant,first,end\na.mp4,fear,ann,9,9\n", "the span 9 to 9 is empty"),
        ("video,label,participant,first,end\na.mp4,fear,ann,x,9\n", "line 2: invalid literal"),
        ("video,label,participant,split\na.mp4,fear,ann,dev\n", "split is 'dev'"),
        ("video,label,participant,left\na.mp4,fear,ann,0.5\n", "enclose nothing"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        generic.read("mine", clips(tmp_path, text))


def test_stills(tmp_path):
    text = "picture,label,participant,split,left,top,right,bottom\na.png,sadness,,test,1,2,30,40\n"
    reading = generic.read("mine", plant(tmp_path, ["a.png"], {"stills.csv": text}))
    (still,) = reading.samples
    assert (still.name, still.source, still.member) == ("a.png", tmp_path / "a.png", "")
    assert (EMOTIONS[still.label], still.participant, still.split) == ("sadness", "", "test")
    assert still.box == (1, 2, 30, 40)


def test_a_folder_without_a_table_is_refused(tmp_path):
    assert not generic.is_corpus(tmp_path)
    with pytest.raises(InputError, match=r"neither clips\.csv nor stills\.csv"):
        generic.read("mine", tmp_path)
