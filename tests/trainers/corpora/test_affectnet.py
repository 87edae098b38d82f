import numpy as np
import pytest

from streamfer.errors import InputError
from tests.trainers.corpora.trees import plant
from trainers.corpora import affectnet, files
from trainers.corpora.catalogue import read
from trainers.corpora.samples import Omission

HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal\n"
)


def row(name, label, box="10,20,100,110"):
    return f"{name},{box},181.6;530.9;188.3;627.1,{label},0.1,0.2\n"


def lists(train, watch=""):
    folder = "Manually_Annotated_file_lists"
    return {f"{folder}/training.csv": HEADER + train, f"{folder}/validation.csv": watch}


def test_lists_with_and_without_a_header(tmp_path):
    rows = lists("".join(row(f"{k}/a.jpg", k) for k in range(7)), row("9/b.png", 6))
    names = [f"Manually_Annotated_Images/{k}/a.jpg" for k in range(7)]
    reading = read(
        "AffectNet", plant(tmp_path, [*names, "Manually_Annotated_Images/9/b.png"], rows)
    )
    assert reading.counts("train") == (1,) * 7
    assert reading.counts("development") == (0, 0, 0, 0, 0, 0, 1)
    assert reading.samples[0].box == (10, 20, 110, 130)
    assert reading.samples[0].source == tmp_path / names[0]


def test_what_is_not_an_expression_is_counted(tmp_path):
    rows = "".join(row(f"1/{k}.jpg", k) for k in (0, 7, 8, 9, 10, 11, "sad"))
    rows += row("1/absent.jpg", 0) + row("1/0.jpg", 0)
    names = [f"images/1/{k}.jpg" for k in (0, 7, 8, 9, 10, 11, "sad")]
    reading = affectnet.read(plant(tmp_path, names, lists(rows)))
    assert [still.name for still in reading.samples] == ["1/0.jpg"]
    assert reading.reasons() == {
        files.UNKNOWN_LABEL: 2,
        "labelled 'contempt'": 1,
        "labelled 'none'": 1,
        "labelled 'uncertain'": 1,
        "labelled 'no face'": 1,
        files.MISSING: 1,
        files.TWICE: 1,
    }


def test_a_face_without_a_box_is_the_whole_picture(tmp_path):
    rows = row("1/a.jpg", 0, box="NULL,NULL,NULL,NULL") + row("1/b.jpg", 0, box="0,0,0,0")
    stills = affectnet.read(plant(tmp_path, ["x/1/a.jpg", "x/1/b.jpg"], lists(rows))).samples
    assert [still.box for still in stills] == [None, None]


def test_another_list_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"training\.csv"):
        affectnet.read(plant(tmp_path, [], {"training.csv": "image,label\n1,2\n"}))


def test_arrays_beside_the_pictures(tmp_path):
    labels = {"train_set/0": "0", "train_set/1": "7", "train_set/2": "3", "val_set/0": "5"}
    plant(tmp_path, [f"{p.replace('/', '/images/')}.jpg" for p in labels if p != "train_set/2"])
    for path, label in labels.items():
        part, number = path.split("/")
        (tmp_path / part / "annotations").mkdir(exist_ok=True)
        np.save(tmp_path / part / "annotations" / f"{number}_exp.npy", np.array(label))
        np.save(tmp_path / part / "annotations" / f"{number}_val.npy", np.array("0.3"))
    reading = affectnet.read(tmp_path)
    assert [(still.name, still.label, still.split) for still in reading.samples] == [
        ("train_set/0", 0, "train"),
        ("val_set/0", 5, "development"),
    ]
    assert reading.reasons() == {"labelled 'contempt'": 1, files.MISSING: 1}


def test_an_array_is_never_run(tmp_path):
    plant(tmp_path, ["val_set/images/0.jpg", "val_set/annotations/x"])
    np.save(tmp_path / "val_set/annotations/0_exp.npy", np.array([{"a": 1}], object))
    assert affectnet.read(tmp_path).reasons() == {files.UNKNOWN_LABEL: 1}


def test_a_bad_row_costs_itself_alone(tmp_path):
    bad = [
        "1/b.jpg,1,2",
        row("1/c.jpg", 0, box="1,2,wide,4").strip(),
        ",,,,,,",
        row("1/d.jpg", "").strip(),
    ]
    rows = row("1/a.jpg", 0) + "\n" + "\n".join(bad) + "\n"
    names = [f"x/1/{k}.jpg" for k in "abcd"]
    reading = affectnet.read(plant(tmp_path, names, lists(rows)))
    assert [still.name for still in reading.samples] == ["1/a.jpg"]
    assert reading.omitted == (
        Omission(affectnet.SHORT, "training.csv, line 4"),
        Omission(files.NO_NUMBER, "1/c.jpg"),
        Omission(files.MISSING, ""),
        Omission(files.UNKNOWN_LABEL, "1/d.jpg"),
    )


def test_a_list_with_other_columns_is_refused(tmp_path):
    header = HEADER.replace("face_x,face_y", "x,y")
    with pytest.raises(InputError, match=r"training\.csv"):
        affectnet.read(plant(tmp_path, [], {"training.csv": header + row("1/a.jpg", 0)}))
