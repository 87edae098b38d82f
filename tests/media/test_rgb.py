import numpy as np
import pytest

from streamfer.errors import UsageError
from streamfer.media.rgb import require_rgb

GOOD = np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    "pictures", [[], [GOOD], [GOOD, GOOD[:1, :1]], np.stack([GOOD, GOOD]), (GOOD[::2, ::-1],)]
)
def test_pictures_of_any_size_and_order_in_memory_are_good(pictures):
    require_rgb(pictures, "face")


@pytest.mark.parametrize(
    ("bad", "found", "remedy"),
    [
        (GOOD.astype(np.float32) / 255, "face 1 is float32;", "scale it to 0..255"),
        (GOOD.astype(np.int64), "face 1 is int64;", "astype"),
        (
            GOOD[:, :, 0],
            r"face 1 is grey, .* shape is \(4, 5\)",
            r"np.stack\(\[grey\] \* 3, axis=2\)",
        ),
        (GOOD[:, :, :1], r"face 1 is of shape \(4, 5, 1\)", ""),
        (np.zeros((4, 5, 4), np.uint8), r"of shape \(4, 5, 4\)", "alpha"),
        (np.stack([GOOD]), r"of shape \(1, 4, 5, 3\)", ""),
        (GOOD[:0], r"empty: its shape is \(0, 5, 3\)", "leave it out"),
        (GOOD.tolist(), "of type list", "NumPy"),
        ("face.png", "of type str", "NumPy"),
        (None, "of type NoneType", "NumPy"),
    ],
)
def test_anything_else_is_told_with_what_to_do(bad, found: str, remedy: str):
    with pytest.raises(UsageError, match=rf"{found}.*it must be a uint8 array.*{remedy}"):
        require_rgb([GOOD, bad], "face")


def test_one_picture_instead_of_a_list_is_told():
    with pytest.raises(UsageError, match=r"frame 0 is grey, or one row .* give a list"):
        require_rgb(GOOD, "frame")
