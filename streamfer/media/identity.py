"""What tells a file from all others: its content, and when that was last changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from streamfer.media.remote import RemoteFile
from streamfer.places import is_uri

_BLOCK = 64 * 1024
_BLOCKS = 18


def content_id(path: str) -> str:
    """SHA-256, in hexadecimal, of the size, the head, the tail and 16 blocks between.

    By the content alone, so that copies share it; and nothing is read whole: the 18 blocks of
    64 KiB lie at equal distances, and only a file up to their sum is read in full. Raises
    OSError; of a URI, InputError.
    """
    with RemoteFile(path, _BLOCK) if is_uri(path) else Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest = hashlib.sha256(size.to_bytes(8, "big"))
        for block in range(_BLOCKS):
            file.seek(max(0, size - _BLOCK) * block // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()


def version(path: str) -> str:
    """What changes when a file is changed: a store's ETag, else the time of the last change.

    Raises OSError; of a URI, InputError.
    """
    if is_uri(path):
        with RemoteFile(path) as file:
            return file.version
    return str(Path(path).stat().st_mtime_ns)
