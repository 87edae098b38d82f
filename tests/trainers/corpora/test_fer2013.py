import zipfile

import cv2
import numpy as np
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import fer2013, files
from trainers.corpora.faces import Faces


def jpeg(value, side=48):
    return cv2.imencode(".jpg", np.full((side, side), value, np.uint8))[1].tobytes()


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(fer2013.FOLDERS):
        for part, count in (("train", 2), ("public_test", 1)):
            place = tmp_path / "fer2013" / part / name
            place.mkdir(parents=True)
            for i in range(count):
                (place / f"{part}_{k}{i}.jpg").write_bytes(jpeg(30 * k))
    return tmp_path / "fer2013"


def test_class_counts_are_those_of_table_3(shared):
    train = fer2013.load(shared / "data" / "fer2013.zip", "train")
    assert train.counts() == (4965, 7215, 4830, 3171, 4097, 436, 3995)
    assert train.images.shape == (28709, 48, 48)
    assert len(fer2013.load(shared / "data" / "fer2013.zip", "public_test")) == 3589


def test_parts_by_any_name(tmp_path):
    names = ["train/happy/1.jpg", "Training/sad/1.png", "PublicTest/fear/1.jpg", "test/angry/1.jpg"]
    for name in [*names, "other/sad/1.jpg", "train/bored/1.jpg"]:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    reading = fer2013.read(tmp_path)
    assert reading.counts("train") == (0, 1, 1, 0, 0, 0, 0)
    assert reading.counts("development") == (0, 0, 0, 0, 1, 0, 0)
    assert reading.counts("test") == (0, 0, 0, 0, 0, 0, 1)
    assert reading.reasons() == {files.UNKNOWN_NAME: 1, files.UNKNOWN_LABEL: 1}


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv"])
def test_the_challenges_table(tmp_path, name):
    spaces = " " if name.startswith("icml") else ""
    rows = [f"emotion,{spaces}pixels,{spaces}Usage"]
    usages = ["Training"] * 7 + ["PublicTest", "PrivateTest"]
    for number, usage in enumerate(usages):
        rows.append(f"{number % 7},{' '.join([str(number)] * 48 * 48)},{usage}")
    (tmp_path / name).write_text("\n".join([*rows, "9,0 0,Training", "3", ""]))
    reading = fer2013.read(tmp_path)
    assert reading.counts("train") == (1,) * 7
    assert reading.counts("development") == (0, 0, 0, 0, 0, 0, 1)  # 0 is angry
    assert reading.counts("test") == (0, 0, 0, 0, 0, 1, 0)  # 1 is disgust
    assert reading.reasons() == {files.UNKNOWN_LABEL: 2}
    faces = fer2013.load(tmp_path, "train")
    assert faces.images.mean((1, 2)).tolist() == [6, 3, 4, 5, 2, 1, 0]  # neutral comes first


def test_a_blank_row_moves_no_picture(tmp_path):
    rows = [f"{code},{' '.join([str(code)] * 48 * 48)},Training" for code in (3, 4)]
    (tmp_path / "fer2013.csv").write_text("\n\n".join(["emotion,pixels,Usage", *rows]))
    assert fer2013.load(tmp_path, "train").images.mean((1, 2)).tolist() == [3, 4]


def test_a_packed_table_is_to_be_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "fer2013.zip", "w") as archive:
        archive.writestr("fer2013/fer2013.csv", "emotion,pixels,Usage\n")
    with pytest.raises(InputError, match=r"fer2013\.zip holds fer2013/fer2013\.csv: unpack it"):
        fer2013.read(tmp_path / "fer2013.zip")


def test_folders_are_the_expressions_in_our_order():
    alike = {"happiness": "happy", "sadness": "sad", "anger": "angry"}
    assert tuple(alike.get(emotion, emotion) for emotion in EMOTIONS) == fer2013.FOLDERS


def test_labels_follow_the_folders(folder):
    faces = fer2013.load(folder, "train")
    assert faces.counts() == (2,) * 7
    assert np.abs(faces.images.mean((1, 2)) - 30 * faces.labels).max() < 3


def test_archive_and_folder_give_the_same(folder, tmp_path):
    archive = tmp_path / "faces.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*.jpg"), reverse=True):
            file.write(path, path.relative_to(folder.parent))
    for part in ("train", "public_test"):
        packed, unpacked = fer2013.load(archive, part), fer2013.load(folder, part)
        assert packed.names == unpacked.names
        assert np.array_equal(packed.images, unpacked.images)
        assert np.array_equal(packed.labels, unpacked.labels)


def test_what_cannot_be_read_is_named(folder, tmp_path):
    (folder / "train" / "sad" / "large.jpg").write_bytes(jpeg(0, side=64))
    with pytest.raises(InputError, match=r"large\.jpg"):
        fer2013.load(folder, "train")
    with pytest.raises(InputError, match="no pictures"):
        fer2013.load(folder / "train", "train")
    with pytest.raises(InputError, match=r"absent\.zip"):
        fer2013.load(tmp_path / "absent.zip", "train")


def test_a_face_is_held_out_by_its_name_alone():
    count = 5000
    faces = Faces(
        np.zeros((count, 48, 48), np.uint8),
        np.arange(count) % 7,
        tuple(f"Training_{i}.jpg" for i in range(count)),
    )
    fitted, held_out = fer2013.split(faces)
    assert sorted(fitted.names + held_out.names) == sorted(faces.names)
    assert 0.08 < len(held_out) / count < 0.12
    later = faces.where(np.arange(count) >= 1000)
    assert set(fer2013.split(later)[1].names) == set(held_out.names) & set(later.names)
