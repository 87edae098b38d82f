import zipfile

import cv2
import numpy as np
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from trainers.corpora import press_faces
from trainers.corpora.faces import Faces, join


def archive(path, rows):
    """`rows`: file name, emotion, grey value, height."""
    with zipfile.ZipFile(path, "w") as file:
        lines = [f"{name},{emotion}" for name, emotion, _, _ in rows]
        file.writestr("faces/labels.csv", "\n".join(["file,emotion", *lines]))
        for name, _, value, height in rows:
            picture = np.full((height, 160, 3), value, np.uint8)
            file.writestr(f"faces/images/{name}", cv2.imencode(".jpg", picture)[1].tobytes())
    return path


def test_counts_and_persons_of_the_corpus(shared):
    faces = press_faces.load(shared / "data" / "press_faces.zip")
    assert faces.counts() == (4450, 3611, 174, 264, 18, 123, 174)
    assert faces.images.shape == (8814, 160, 160)
    fitted, held_out = press_faces.split(faces)
    assert len(fitted) + len(held_out) == 8814
    assert 0.15 < len(held_out) / 8814 < 0.3
    people = [{press_faces.person(name) for name in part.names} for part in (fitted, held_out)]
    assert not people[0] & people[1]


def test_labels_pictures_and_names_belong_together(tmp_path):
    rows = [("b_0002.jpg", "angry", 200, 120), ("a_0001.jpg", "neutral", 30, 160)]
    faces = press_faces.load(archive(tmp_path / "faces.zip", rows))
    assert faces.names == ("a_0001.jpg", "b_0002.jpg")
    assert [EMOTIONS[label] for label in faces.labels] == ["neutral", "anger"]
    assert faces.images.mean((1, 2)) == pytest.approx([30, 200], abs=1)


def test_a_person_is_the_name_before_the_number():
    assert press_faces.person("Ann_Veneman_0003.jpg") == "Ann_Veneman"
    assert press_faces.person("facial-expressions_2868588k.jpg") == "facial-expressions_2868588k"
    assert press_faces.person("a.b_0001.jpg") == "a.b"


@pytest.mark.parametrize("rows", [[("a.jpg", "bored", 3, 160)], []])
def test_another_archive_is_refused_by_name(tmp_path, rows):
    with pytest.raises(InputError, match=r"faces\.zip"):
        press_faces.load(archive(tmp_path / "faces.zip", rows))


def test_a_file_that_is_no_archive_is_refused_by_name(tmp_path):
    (tmp_path / "faces.zip").write_bytes(b"no archive")
    for path in (tmp_path / "faces.zip", tmp_path / "absent.zip"):
        with pytest.raises(InputError, match=path.name):
            press_faces.load(path)


def test_joined_faces_keep_their_order():
    parts = [
        Faces(np.full((2, 4, 4), k, np.uint8), np.array([k, k]), (f"{k}a", f"{k}b")) for k in (0, 1)
    ]
    both = join(parts)
    assert both.names == ("0a", "0b", "1a", "1b")
    assert both.labels.tolist() == both.images[:, 0, 0].tolist() == [0, 0, 1, 1]
