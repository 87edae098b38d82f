import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from streamfer.errors import UsageError
from streamfer.faces.align import TEMPLATE
from streamfer.faces.detector import load_detector
from trainers.backbone.network import SIDE
from trainers.backbone.views import Views, cached
from trainers.corpora.faces import Faces


@pytest.fixture(scope="module")
def faces():
    """A face tilted by 20 degrees, and none."""
    turned = cv2.warpAffine(astronaut(), cv2.getRotationMatrix2D((222, 115), 20, 1), (512, 512))
    face = cv2.cvtColor(turned[45:185, 152:292], cv2.COLOR_RGB2GRAY)
    return Faces(
        np.stack([cv2.resize(face, (160, 160)), np.full((160, 160), 90, np.uint8)]),
        np.array([1, 0]),
        ("astronaut.jpg", "wall.jpg"),
    )


def test_a_tilted_face_is_framed_upright_and_what_is_no_face_stays(faces):
    views = Views.of(faces)
    assert views.found.tolist() == [True, False]
    assert views.given.images.shape == views.framed.images.shape == (2, SIDE, SIDE)
    assert np.array_equal(views.given.images[1], views.framed.images[1])
    framed = cv2.resize(views.framed.images[0], (160, 160), interpolation=cv2.INTER_CUBIC)
    padded = np.pad(np.repeat(framed[..., None], 3, 2), ((32, 32), (32, 32), (0, 0)))
    (found,) = load_detector("default").detect([padded])
    places = (found.landmarks[0] - 32) / 160
    assert np.abs(places - TEMPLATE).max() < 0.07
    assert abs(places[0, 1] - places[1, 1]) < 0.03


def test_views_are_kept_and_other_faces_are_not_taken_for_them(faces, tmp_path):
    first, again = (cached(tmp_path / "views.npz", faces) for _ in range(2))
    assert np.array_equal(first.framed.images, again.framed.images)
    assert np.array_equal(first.given.images, again.given.images)
    assert first.found.tolist() == again.found.tolist()
    with pytest.raises(UsageError, match=r"views\.npz"):
        cached(tmp_path / "views.npz", faces.where(np.array([True, False])))


def test_joined_views_keep_both_framings(faces):
    views = Views.of(faces)
    both = views.join(views)
    assert both.found.tolist() == [True, False, True, False]
    assert np.array_equal(both.framed.images[2], views.framed.images[0])
    assert both.given.names == faces.names * 2
