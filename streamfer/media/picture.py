"""From a decoded frame to the picture that a player shows."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

# A pixel aspect beyond this is a broken header, and is taken for square.
_WIDEST_PIXEL = 4
_UNSPECIFIED_MATRIX = 2  # AVCOL_SPC_UNSPECIFIED


def stored_size(width: int, height: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height with square pixels, before rotation. The height is kept."""
    aspect = pixel_aspect or Fraction(1)
    if not Fraction(1, _WIDEST_PIXEL) <= aspect <= _WIDEST_PIXEL:
        return width, height
    return max(1, round(width * aspect)), height


def quarter_turns(frame: VideoFrame) -> int:
    """How many quarter turns counter-clockwise put the frame upright."""
    return round(frame.rotation / 90) % 4


class Pictures:
    """Turns the frames of one stream into pictures. Keeps the converter's tables between."""

    def __init__(self, pixel_aspect: Fraction | None) -> None:
        self._pixel_aspect = pixel_aspect
        self._reformatter = VideoReformatter()

    def show(self, frame: VideoFrame) -> Picture:
        """The frame as displayed: uint8 (H, W, 3) RGB, contiguous, upright, square pixels.

        Matrix and range are the frame's own; wide-gamut and HDR frames are not tone-mapped.
        Of an interlaced frame the first field is shown, its lines interpolated.
        """
        width, height = stored_size(frame.width, frame.height, self._pixel_aspect)
        convert = partial(
            self._reformatter.reformat, frame, width, height, format="rgb24", threads=1
        )
        try:
            rgb = convert().to_ndarray()
        except av.error.FFmpegError:
            # A matrix or range that FFmpeg cannot convert from: mostly a damaged header.
            frame.colorspace, frame.color_range = _UNSPECIFIED_MATRIX, ColorRange.UNSPECIFIED
            rgb = convert().to_ndarray()
        picture = np.asarray(rgb, dtype=np.uint8)
        if frame.interlaced_frame:
            picture = _first_field(picture)
        return np.ascontiguousarray(np.rot90(picture, quarter_turns(frame)))


def _first_field(picture: Picture) -> Picture:
    """Each line of the second field becomes the mean of its neighbours."""
    whole = picture.copy()
    above = picture[0:-2:2].astype(np.uint16)
    whole[1:-1:2] = (above + picture[2::2] + 1) // 2
    return whole
