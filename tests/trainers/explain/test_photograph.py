"""Photographs of all kinds, and the face that is taken from them."""

from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from streamfer.emotion.backbone import Crop
from streamfer.errors import InputError
from streamfer.faces.detector import Detector, load_detector
from tests.trainers.explain.photographs import ASTRONAUT, SIX
from trainers.analysis.explain.photograph import find_face, read_photograph

ALIGNED, BOX = Crop(96, aligned=True), Crop(224, aligned=False)
TURNED_RIGHT = 6  # EXIF: to be shown turned by 90 degrees clockwise


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Of two faces, mean over all numbers."""
    return float(np.abs(a.astype(float) - b).mean())


@pytest.mark.parametrize("crop", [ALIGNED, BOX])
def test_the_face_comes_as_the_backbone_wants_it(detector: Detector, crop: Crop):
    found = find_face(read_photograph(ASTRONAUT), detector, crop)

    assert found is not None
    assert found.face.shape == (crop.size, crop.size, 3)
    assert found.face.dtype == np.uint8
    assert found.count == 1


def test_pictures_are_turned_as_their_cameras_say(detector: Detector, tmp_path: Path):
    upright = read_photograph(ASTRONAUT)
    exif = Image.Exif()
    exif[0x0112] = TURNED_RIGHT
    Image.fromarray(np.rot90(upright)).save(tmp_path / "camera.jpg", exif=exif, quality=95)

    picture = read_photograph(tmp_path / "camera.jpg")

    assert picture.shape == upright.shape
    assert difference(picture, upright) < 3


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "I;16"])
def test_every_kind_of_picture_is_rgb(mode: str, tmp_path: Path):
    image = Image.open(ASTRONAUT)
    if mode == "I;16":
        grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
        image = Image.fromarray(grey)
    else:
        image = image.convert(mode)
    image.save(tmp_path / "picture.png")

    picture = read_photograph(tmp_path / "picture.png")

    assert (picture.shape, picture.dtype) == ((512, 512, 3), np.uint8)
    assert difference(picture.mean(2), read_photograph(ASTRONAUT).mean(2)) < 12


def test_the_largest_of_several_is_taken(detector: Detector):
    astronaut = read_photograph(ASTRONAUT).repeat(2, 0).repeat(2, 1)
    alone = find_face(astronaut, detector, ALIGNED)
    assert alone is not None
    six = read_photograph(SIX)
    both = np.zeros((max(len(astronaut), len(six)), 1024 + six.shape[1], 3), np.uint8)
    both[: len(six), : six.shape[1]] = six
    both[:1024, six.shape[1] :] = astronaut

    found = find_face(both, detector, ALIGNED)

    assert found is not None
    assert found.count == 7
    assert difference(found.face, alone.face) < 30  # of another it is 60


def test_a_picture_that_is_all_face_has_one(detector: Detector):
    whole = find_face(read_photograph(ASTRONAUT), detector, ALIGNED)
    assert whole is not None
    tight = read_photograph(ASTRONAUT)[80:170, 180:270]

    found = find_face(tight, detector, ALIGNED)

    assert found is not None
    middle = slice(24, 72)
    assert difference(found.face[middle, middle], whole.face[middle, middle]) < 25


def test_where_nobody_is_there_is_no_face(detector: Detector):
    assert find_face(skimage.data.brick()[..., None].repeat(3, 2), detector, ALIGNED) is None
    assert find_face(np.zeros((1, 1, 3), np.uint8), detector, ALIGNED) is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("text.png", b"no picture", "is not a picture"),
        ("empty.jpg", b"", "is not a picture"),
        ("half.png", ASTRONAUT.read_bytes()[:40], "is not a picture"),
        ("absent.png", None, "cannot be read"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, name: str, content: bytes | None, said: str):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError, match=f"{name} {said}"):
        read_photograph(tmp_path / name)


def test_a_folder_is_no_picture(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        read_photograph(tmp_path)
