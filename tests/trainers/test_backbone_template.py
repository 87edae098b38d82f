import numpy as np

from streamfer.faces.align import TEMPLATE
from trainers.backbone.template import landmarks, symmetric
from trainers.corpora import fer2013


def test_the_runtime_template_lies_where_the_training_faces_have_their_landmarks(shared):
    images = fer2013.load(shared / "data" / "fer2013.zip", "train").images
    chosen = np.random.default_rng(1).choice(len(images), 300, replace=False)
    indices, found = landmarks(images[chosen])
    assert len(indices) == len(found) > 250
    # The median of 300 faces has a standard error of about .004 of the side in each number.
    assert np.abs(symmetric(np.median(found, axis=0)) - TEMPLATE).max() < 0.012


def test_a_mirrored_face_has_the_same_symmetric_template():
    points = np.array([[0.3, 0.4], [0.7, 0.38], [0.45, 0.6], [0.36, 0.75], [0.64, 0.76]])
    mirrored = np.array([[0.3, 0.38], [0.7, 0.4], [0.55, 0.6], [0.36, 0.76], [0.64, 0.75]])
    assert np.allclose(symmetric(points), symmetric(mirrored))
    assert np.allclose(symmetric(points)[2], [0.5, 0.6])
    assert np.allclose(symmetric(points)[0], [0.3, 0.39])
