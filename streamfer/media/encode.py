"""Writing pictures as H.264 video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.video.frame import VideoFrame

from streamfer.media.picture import Picture


class VideoWriter:
    """A file of one H.264 stream (libx264, 4:2:0), in the container that its suffix names.

    The PTS of the pictures count `time_base` seconds, and must rise. 4:2:0 needs an even
    width and height. `options` are libx264's. A context manager: the file is whole once it
    has been left.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        time_base: Fraction,
        options: dict[str, str] | None = None,
    ) -> None:
        self._container = av.open(str(path.absolute()), mode="w")
        # x264 takes the rate for its buffers only; the frames keep the times they are given.
        stream = self._container.add_stream("libx264", rate=30, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = time_base
        self._stream = stream
        self._time_base = time_base

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def put(self, picture: Picture, pts: int) -> None:
        """Add a picture: uint8 (height, width, 3) RGB."""
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, self._time_base
        self._container.mux(self._stream.encode(frame))
