import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from tests.trainers.corpora.trees import plant
from trainers.corpora import files, generic
from trainers.corpora.samples import WHOLE, Omission, Pictures, Seconds
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
    ("columns", "cells", "reason"),
    [
        ("start_s", "1", generic.HALF_A_SPAN),
        ("start_s,end_s", "soon,2", files.NO_NUMBER),
        ("start_s,end_s", "nan,2", files.NO_NUMBER),
        ("start_s,end_s", "0,inf", files.NO_NUMBER),
        ("start_s,end_s", "3,2", files.EMPTY_SPAN),
        ("start_s,end_s", "-1,2", files.EMPTY_SPAN),
        ("first,end", "9,9", files.EMPTY_SPAN),
        ("first,end", "x,9", files.NO_NUMBER),
        ("first,end", "0.5,9", files.NO_NUMBER),
        ("split", "dev", generic.NO_SPLIT),
        ("left", "0.5", generic.NO_BOX),
        ("left,top,right,bottom", "0.5,0,0.2,1", generic.NO_BOX),
        ("left,top,right,bottom", "0,0,wide,1", files.NO_NUMBER),
        ("confidence", "sure", files.NO_NUMBER),
        ("confidence", "60", generic.NO_SHARE),
        ("participant", "", generic.NOBODY),
    ],
)
def test_a_bad_row_costs_itself_alone(tmp_path, columns, cells, reason):
    head = "video,label," + columns
    good = "a.mp4,fear" + "," * (columns.count(",") + 1)
    if columns == "participant":
        good += "ann"
    else:
        head, good, cells = head + ",participant", good + ",ann", cells + ",ann"
    root = clips(tmp_path, f"{head}\nb/c.mkv,fear,{cells}\n{good}\n")
    reading = generic.read("mine", root)
    assert [clip.name for clip in reading.samples] == ["a.mp4"]
    assert reading.omitted == (Omission(reason, "line 2: b/c.mkv"),)


def test_a_table_with_other_columns_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"clips\.csv has no column 'participant'"):
        generic.read("mine", clips(tmp_path, "video,label\na.mp4,fear\n"))


def test_what_is_left_out_has_its_line(tmp_path):
    text = (
        "video,label,participant\na.mp4,joy,ann\n\nno.mp4,fear,ann\na.mp4,fear,ann\na.mp4,fear,bo\n"
    )
    reading = generic.read("mine", clips(tmp_path, text))
    assert reading.omitted == (
        Omission(files.NOT_OF_THE_SEVEN, "line 2: joy"),
        Omission(files.MISSING, "line 4: no.mp4"),
        Omission(files.TWICE, "line 6: a.mp4"),
    )


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_as_excel_writes_it(tmp_path, delimiter):
    rows = [["video", "label", "participant", "confidence"], ["a.mp4", "fear", "Zoë", "1"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    root = clips(tmp_path, "")
    (root / "clips.csv").write_bytes(("\ufeff" + text).encode())
    (clip,) = generic.read("mine", root).samples
    assert clip.participant == "Zoë"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a.mp4,fear,Zoë\n".encode("latin-1"), "is not text in UTF-8.*save it as UTF-8"),
        (b'a.mp4,fear,"ann\n' * 2, "line 3"),
    ],
)
def test_a_text_that_is_no_table_in_utf_8_is_refused(tmp_path, content, told):
    root = clips(tmp_path, "")
    (root / "clips.csv").write_bytes(b"video,label,participant\n" + content)
    with pytest.raises(InputError, match=rf"clips\.csv.*{told}"):
        generic.read("mine", root)


def test_a_video_has_one_path_whatever_leads_to_it(tmp_path):
    plant(
        tmp_path, ["A/v.mp4", "B/x"], {"A/clips.csv": "video,label,participant\nv.mp4,fear,ann\n"}
    )
    (tmp_path / "link").symlink_to("A", target_is_directory=True)
    (tmp_path / "B" / "w.mp4").symlink_to("../A/v.mp4")
    rows = ["../A/v.mp4,fear,ann", "../link/v.mp4,anger,ann", "w.mp4,disgust,ann"]
    (tmp_path / "B/clips.csv").write_text("\n".join(["video,label,participant", *rows]))
    places = [tmp_path / "A", tmp_path / "link", tmp_path / "B"]
    videos = [clip.video for place in places for clip in generic.read("mine", place).samples]
    assert videos == [(tmp_path / "A/v.mp4").resolve()] * 5


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
