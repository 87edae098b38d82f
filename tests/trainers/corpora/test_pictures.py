import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np
import pytest

from streamfer.errors import InputError
from trainers.corpora import fer2013, pictures
from trainers.corpora.samples import Still

PICTURE = np.zeros((40, 60, 3), np.uint8)
PICTURE[:, 30:] = (255, 0, 0)  # red on the right


@pytest.fixture
def png():
    return cv2.imencode(".png", cv2.cvtColor(PICTURE, cv2.COLOR_RGB2BGR))[1].tobytes()


def still(source, member="", box=None):
    return Still("mine", "a", source, member, 0, box=box)


def test_a_file_is_rgb(tmp_path, png):
    (tmp_path / "a.png").write_bytes(png)
    assert np.array_equal(pictures.load(still(tmp_path / "a.png")), PICTURE)
    grey = pictures.load_grey(still(tmp_path / "a.png"))
    assert grey.shape == (40, 60)
    assert (grey[0, 0], grey[0, 59]) == (0, 76)  # red's part of grey


def test_a_box_cuts_out_the_face(tmp_path, png):
    (tmp_path / "a.png").write_bytes(png)
    face = pictures.load(still(tmp_path / "a.png", box=(20.4, -5, 49.6, 400)))
    assert np.array_equal(face, PICTURE[:, 20:50])
    with pytest.raises(InputError, match="outside the picture"):
        pictures.load(still(tmp_path / "a.png", box=(60, 0, 80, 40)))


def test_an_archives_member_is_read_from_any_process(tmp_path, png):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("faces/a.png", png)
    packed = still(tmp_path / "a.zip", "faces/a.png")
    assert np.array_equal(pictures.load(packed), PICTURE)
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        for picture in pool.map(pictures.load, [packed] * 20):
            assert np.array_equal(picture, PICTURE)


def test_a_row_of_fer2013s_table(tmp_path):
    rows = [f"3,{' '.join([shade] * 47 * 48 + ['9'] * 48)},Training\n" for shade in ("3", "200")]
    (tmp_path / "fer2013.csv").write_text("".join(["emotion,pixels,Usage\n", *rows]))
    first, second = fer2013.read(tmp_path).samples
    assert pictures.load_grey(first)[0, 0] == 3
    assert pictures.load_grey(second)[0, 0] == 200
    assert pictures.load(second).shape == (48, 48, 3)
    assert (pictures.load(second)[47] == 9).all()


def broken(png):
    """What may lie in place of a picture."""
    jpeg = cv2.imencode(".jpg", PICTURE)[1].tobytes()
    return {
        "empty.jpg": b"",
        "empty.png": b"",
        "half.jpg": jpeg[: len(jpeg) // 2],
        "half.png": png[:60],
    }


def test_an_empty_or_cut_off_picture_is_named(tmp_path, png):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in broken(png).items():
            archive.writestr(name, content)
            (tmp_path / name).write_bytes(content)
    for name in broken(png):
        for lying in (still(tmp_path / name), still(tmp_path / "a.zip", name)):
            with pytest.raises(InputError, match=rf"{name} is not a picture"):
                pictures.load(lying)


def test_what_is_no_file_is_named(tmp_path, png):
    (tmp_path / "folder.png").mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("spoilt.png", png * 50)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[40:100] = bytes(60)
    (tmp_path / "a.zip").write_bytes(content)
    for name, member in (("folder.png", ""), ("a.zip", "absent.png"), ("a.zip", "spoilt.png")):
        with pytest.raises(InputError, match=rf"{member or name} cannot be read"):
            pictures.load(still(tmp_path / name, member))


@pytest.mark.parametrize(("name", "member"), [("absent.csv", "0"), ("a.csv", "7"), ("b.csv", "0")])
def test_a_row_that_is_not_there_is_named(tmp_path, name, member):
    (tmp_path / "a.csv").write_text("emotion,pixels,Usage\n0,1,Training\n")
    (tmp_path / "b.csv").write_bytes("emotion,pixels,Usage\n0,1 ä,Training\n".encode("latin-1"))
    with pytest.raises(InputError, match=name):
        pictures.load(still(tmp_path / name, member))


@pytest.mark.parametrize("name", ["a.png", "a.zip", "fer2013.csv"])
def test_what_is_no_picture_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"emotion,pixels,Usage\n0,1 2 3,Training\n")
    with pytest.raises(InputError, match=name):
        pictures.load(still(tmp_path / name, "" if name == "a.png" else "0"))
    with pytest.raises(InputError, match="absent"):
        pictures.load(still(tmp_path / "absent.png"))
