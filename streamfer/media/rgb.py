"""What a picture is to all networks here, for callers who make their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streamfer.errors import UsageError


def require_rgb(pictures: Sequence[object], thing: str) -> None:
    """Hold pictures to uint8 (H, W, 3), and say what to do where one is something else.

    `thing` is what the caller calls one of them.

    Raises:
        UsageError: A picture is no such array, or is empty.
    """
    for index, picture in enumerate(pictures):
        if not isinstance(picture, np.ndarray):
            found, remedy = f"of type {type(picture).__name__}", "give NumPy arrays"
        elif picture.dtype != np.uint8:
            found, remedy = (
                f"{picture.dtype}",
                "scale it to 0..255 and use .round().astype(np.uint8)",
            )
        elif picture.ndim == 2:
            found = f"grey, or one row of a picture: its shape is {picture.shape}"
            remedy = "give a list of pictures; np.stack([grey] * 3, axis=2) makes a grey one RGB"
        elif picture.ndim != 3 or picture.shape[2] != 3:
            found, remedy = f"of shape {picture.shape}", "leave out other channels, such as alpha"
        elif not picture.size:
            found, remedy = f"empty: its shape is {picture.shape}", "leave it out"
        else:
            continue
        raise UsageError(
            f"{thing} {index} is {found}; it must be a uint8 array of shape (height, width, 3), "
            f"RGB, 0 to 255: {remedy}."
        )
