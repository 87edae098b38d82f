"""Trees of files as the corpora's downloads unpack."""

from collections.abc import Iterable, Mapping
from pathlib import Path

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 132\n"


def plant(root: Path, empty: Iterable[str] = (), texts: Mapping[str, str] | None = None) -> Path:
    """Make under `root` the files `empty`, and those of `texts` with their text; returns `root`."""
    written = {**dict.fromkeys(empty, ""), **(texts or {})}
    for folder in {(root / name).parent for name in written}:
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (root / name).write_text(text)
    return root
