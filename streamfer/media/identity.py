"""A file's identity by its content alone, so that copies share it and nothing is read whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

_BLOCK = 64 * 1024
_BLOCKS = 18


def content_id(path: str) -> str:
    """SHA-256, in hexadecimal, of the size, the head, the tail and 16 blocks between.

    The 18 blocks of 64 KiB lie at equal distances: a file up to their sum is read in full.
    Raises OSError.
    """
    size = Path(path).stat().st_size
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    with Path(path).open("rb") as file:
        for block in range(_BLOCKS):
            file.seek(max(0, size - _BLOCK) * block // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()
