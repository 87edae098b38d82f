"""One folder with two good videos and everything that people's folders hold beside them."""

import os
import shutil
import struct
from pathlib import Path

import av
import numpy as np
from skimage.io import imsave

from tests.cli.terminal import portrait
from tests.media.making import add_sound, make_video

NAMES = (
    'it\'s a "clip".mp4',
    "two\nlines.mp4",
    "[bold]loud[red].mp4",
    "красный \N{CJK UNIFIED IDEOGRAPH-6620}.mp4",
    "bell\a\x1b[31m.mp4",
)
"""Names of copies of `good.mp4`."""

NOT_UTF8 = os.fsdecode(b"caf\xe9.mp4")
"""The name of another, whose key is caf%E9.mp4."""


def make_bad_folder(folder: Path) -> None:
    """Fill `folder`; what becomes of each file is in `test_bad_input.py`."""
    (folder / "other").mkdir(parents=True)
    good = portrait(folder / "good.mp4")
    portrait(folder / "other" / "good.mp4", start=10)
    for name in (*NAMES, NOT_UTF8):
        shutil.copy2(good, folder / name)
    (folder / "link to good.mp4").symlink_to("good.mp4")
    (folder / "other" / "up").symlink_to("..")

    (folder / "readme.txt").write_text("Not a video by its name.")
    imsave(folder / "picture.png", np.full((48, 64, 3), 99, np.uint8), check_contrast=False)

    (folder / "text.mp4").write_text("Dear all,\nhere are the minutes.\n" * 40)
    (folder / "empty.mp4").touch()
    shutil.copy(folder / "picture.png", folder / "picture.mp4")
    _cut(portrait(folder / "cut, index first.mp4", 4, options={"movflags": "faststart"}))
    _cut(portrait(folder / "cut, index last.mp4", 4))
    _cut(portrait(folder / "cut.mkv", 4))
    _flip_bytes(portrait(folder / "flipped.mp4", 4))
    _sound(folder / "sound.mp4", cover=False)
    _sound(folder / "album.mp4", cover=True)
    portrait(folder / "one frame.mp4", 1 / 25)
    _claim(make_video(folder / "giant.avi", "mjpeg", times=range(5), pix_fmt="yuvj420p"), 16_000)
    portrait(folder / "forbidden.mp4", 1).chmod(0)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip_bytes(path: Path) -> None:
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    for place in random.integers(len(data) // 4, data.rfind(b"moov"), 30):
        data[place] ^= int(random.integers(1, 255))
    path.write_bytes(data)


def _sound(path: Path, *, cover: bool) -> None:
    with av.open(str(path), "w") as container:
        if cover:
            stream = container.add_stream("mjpeg", rate=1)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            stream.disposition = av.stream.Disposition.attached_pic
        add_sound(container, 0, 2)
        if cover:
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 99, np.uint8))
            container.mux([*stream.encode(picture), *stream.encode(None)])


def _claim(path: Path, side: int) -> None:
    """Let the headers of a motion JPEG in AVI, 160 x 120, speak of pictures of side x side."""
    header = b"\xff\xc0\x00\x11\x08"
    data = path.read_bytes()
    data = data.replace(
        header + struct.pack(">HH", 120, 160), header + struct.pack(">HH", side, side)
    )
    path.write_bytes(data.replace(struct.pack("<ii", 160, 120), struct.pack("<ii", side, side)))
