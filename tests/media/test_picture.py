from fractions import Fraction

import av
import numpy as np
import pytest

from streamfer.media.picture import Pictures, stored_size
from tests.media.making import number_of, numbered


def test_square_pixels_keep_the_height():
    assert stored_size(720, 576, Fraction(16, 15)) == (768, 576)
    assert stored_size(720, 576, None) == (720, 576)
    assert stored_size(720, 576, Fraction(1, 1000)) == (720, 576)


@pytest.mark.parametrize("size", [(160, 120), (321, 241)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv420p10le", "yuv422p", "gray"])
def test_any_format_becomes_contiguous_rgb(size, pix_fmt):
    frame = av.VideoFrame.from_ndarray(numbered(341, *size)).reformat(format=pix_fmt)
    picture = Pictures(None).show(frame)
    assert picture.dtype == np.uint8
    assert picture.shape == (size[1], size[0], 3)
    assert picture.flags.c_contiguous
    assert number_of(picture) == 341


def test_matrix_that_cannot_be_converted_from_is_ignored():
    frame = av.VideoFrame.from_ndarray(numbered(341)).reformat(format="yuv420p")
    plain = Pictures(None).show(frame)
    frame.colorspace = 3  # reserved
    assert np.array_equal(Pictures(None).show(frame), plain)
